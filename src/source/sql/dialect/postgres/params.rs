//! Parameters of the connection: those of libpq and of the Go driver, and settings of the session.

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::super::super::target::Param;
use super::super::super::tls;
use super::super::names_setting;
use crate::config::CompileContext;

/// Parameters of other drivers that change nothing for the reader of a result.
const WITHOUT_EFFECT: &[&str] = &[
    "connect_timeout",
    "default_query_exec_mode",
    "target_session_attrs",
    "fallback_application_name",
    "client_encoding",
    "description_cache_capacity",
    "pool_max_conns",
    "pool_min_conns",
    "pool_max_conn_lifetime",
    "pool_max_conn_idle_time",
    "binary_parameters",
    "sslsni",
];

/// Applies a parameter. `None` when there is none of that name.
pub fn apply(options: PgConnectOptions, param: &Param) -> Result<Option<PgConnectOptions>, String> {
    let name = param.name.to_lowercase();
    let value = param.value.as_str();
    if let Some(file) = tls::File::named(&name) {
        let inline = tls::is_inline(value);
        return Ok(Some(match file {
            tls::File::Authority if inline => options.ssl_root_cert_from_pem(value.into()),
            tls::File::Certificate if inline => options.ssl_client_cert_from_pem(value),
            tls::File::Key if inline => options.ssl_client_key_from_pem(value),
            tls::File::Authority if value == tls::SYSTEM => options,
            tls::File::Authority => options.ssl_root_cert(value),
            tls::File::Certificate => options.ssl_client_cert(value),
            tls::File::Key => options.ssl_client_key(value),
        }));
    }
    Ok(Some(match name.as_str() {
        "sslmode" | "ssl-mode" => {
            let mode = match value {
                "disable" => PgSslMode::Disable,
                // The driver never encrypts for `allow`, also not for a server that insists on it.
                "allow" | "prefer" => PgSslMode::Prefer,
                "require" => PgSslMode::Require,
                "verify-ca" => PgSslMode::VerifyCa,
                "verify-full" => PgSslMode::VerifyFull,
                _ => {
                    return Err("`sslmode` is one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`".to_owned());
                }
            };
            options.ssl_mode(mode)
        }
        "application_name" => options.application_name(value),
        // `?host=/var/run/postgresql` names the folder of a socket.
        "host" if value.starts_with('/') => options.socket(value),
        "statement_cache_capacity" => {
            let capacity = value
                .parse()
                .map_err(|_| "`statement_cache_capacity` is a number".to_owned())?;
            options.statement_cache_capacity(capacity)
        }
        "options" => options.options(session_options(value)),
        name if WITHOUT_EFFECT.contains(&name) => options,
        // What no driver knows is a setting of the session; with a dot, one of the database's own,
        // which its policies may ask for.
        name if names_setting(&param.name) => options.options([(name, value)]),
        _ => return Ok(None),
    }))
}

/// How much of the server's certificate is checked where its authority is named, as libpq has it:
/// `require` becomes `verify-ca`, and `sslrootcert=system` means nothing below `verify-full`.
pub fn checked(
    options: PgConnectOptions,
    params: &[Param],
    cx: &mut CompileContext,
) -> PgConnectOptions {
    let authority = |param: &&Param| tls::File::named(&param.name) == Some(tls::File::Authority);
    let Some(authority) = params.iter().find(authority) else {
        return options;
    };
    let is_written = params
        .iter()
        .any(|param| ["sslmode", "ssl-mode"].contains(&param.name.to_lowercase().as_str()));
    match options.get_ssl_mode() {
        PgSslMode::VerifyFull => options,
        _ if authority.value == tls::SYSTEM && !is_written => {
            options.ssl_mode(PgSslMode::VerifyFull)
        }
        _ if authority.value == tls::SYSTEM => {
            let message = "`sslrootcert: system` needs `sslmode: verify-full`: anybody can have a certificate of those authorities, for a host of their own";
            cx.error::<()>("bad-param", authority.span, message);
            options
        }
        PgSslMode::VerifyCa => options,
        PgSslMode::Require => options.ssl_mode(PgSslMode::VerifyCa),
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => {
            tls::unchecked_authority(params, "write `sslmode: verify-full`", cx);
            options
        }
    }
}

/// `-c name=value -c name=value`, as libpq takes it.
fn session_options(value: &str) -> Vec<(String, String)> {
    value
        .split("-c")
        .filter_map(|setting| setting.trim().trim_start_matches("--").split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
