//! Parameters of the connection: those of the Go driver and of the programs of MySQL and MariaDB.

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::super::super::target::Param;
use super::super::super::tls;
use super::session::Setting;
use crate::config::CompileContext;

/// Parameters of other drivers that change nothing for the reader of a result: texts are always
/// UTF-8 here, moments are always read as moments, and always in UTC.
const WITHOUT_EFFECT: &[&str] = &[
    "parsetime",
    "charset",
    "collation",
    "loc",
    "time-zone",
    "timeout",
    "readtimeout",
    "writetimeout",
    "allownativepasswords",
    "allowoldpasswords",
    "allowfallbacktoplaintext",
    "checkconnliveness",
    "clientfoundrows",
    "columnswithalias",
    "interpolateparams",
    "maxallowedpacket",
    "multistatements",
    "rejectreadonly",
    "connectionattributes",
];

/// Parameters that say how much TLS there is.
const MODES: &[&str] = &["tls", "ssl-mode", "sslmode", "ssl-verify-server-cert"];

/// Applies a parameter. `None` when there is none of that name.
pub fn apply(
    options: MySqlConnectOptions,
    param: &Param,
) -> Result<Option<MySqlConnectOptions>, String> {
    let name = param.name.to_lowercase().replace('_', "-");
    let value = param.value.as_str();
    if let Some(file) = tls::File::named(&name) {
        let inline = tls::is_inline(value);
        return Ok(Some(match file {
            tls::File::Authority if inline => options.ssl_ca_from_pem(value.into()),
            tls::File::Certificate if inline => options.ssl_client_cert_from_pem(value),
            tls::File::Key if inline => options.ssl_client_key_from_pem(value),
            tls::File::Authority => options.ssl_ca(value),
            tls::File::Certificate => options.ssl_client_cert(value),
            tls::File::Key => options.ssl_client_key(value),
        }));
    }
    Ok(Some(match name.as_str() {
        // As the Go driver takes it: `true` checks the certificate and the host name.
        "tls" => options.ssl_mode(match value.to_lowercase().as_str() {
            "true" => MySqlSslMode::VerifyIdentity,
            "false" => MySqlSslMode::Disabled,
            "skip-verify" => MySqlSslMode::Required,
            "preferred" => MySqlSslMode::Preferred,
            _ => {
                return Err(
                    "`tls` is one of `true`, `false`, `skip-verify`, `preferred`".to_owned(),
                );
            }
        }),
        "ssl-mode" | "sslmode" => {
            let mode = match value.to_lowercase().replace('_', "-").as_str() {
                "disabled" | "disable" => MySqlSslMode::Disabled,
                "preferred" | "prefer" => MySqlSslMode::Preferred,
                "required" | "require" => MySqlSslMode::Required,
                "verify-ca" => MySqlSslMode::VerifyCa,
                "verify-identity" | "verify-full" => MySqlSslMode::VerifyIdentity,
                _ => {
                    return Err("`ssl-mode` is one of `disabled`, `preferred`, `required`, `verify-ca`, `verify-identity`".to_owned());
                }
            };
            options.ssl_mode(mode)
        }
        // Of the programs of MariaDB.
        "ssl-verify-server-cert" => match value.to_lowercase().as_str() {
            "1" | "true" | "on" => options.ssl_mode(MySqlSslMode::VerifyIdentity),
            "0" | "false" | "off" => options,
            _ => return Err("`ssl-verify-server-cert` is `true` or `false`".to_owned()),
        },
        "socket" => options.socket(value),
        "allowcleartextpasswords" => options.enable_cleartext_plugin(value == "true"),
        name if WITHOUT_EFFECT.contains(&name) => options,
        _ => return Ok(None),
    }))
}

/// How much of the server's certificate is checked where its authority is named, as the programs of
/// MySQL have it: `verify-ca` where no mode is written.
pub fn checked(
    options: MySqlConnectOptions,
    params: &[Param],
    cx: &mut CompileContext,
) -> MySqlConnectOptions {
    let authority = |param: &Param| tls::File::named(&param.name) == Some(tls::File::Authority);
    if !params.iter().any(authority) {
        return options;
    }
    let is_written = params.iter().any(|param| {
        let name = param.name.to_lowercase().replace('_', "-");
        MODES.contains(&name.as_str())
    });
    match options.get_ssl_mode() {
        MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity => options,
        _ if !is_written => options.ssl_mode(MySqlSslMode::VerifyCa),
        _ => {
            tls::unchecked_authority(params, "write `ssl-mode: verify-identity`", cx);
            options
        }
    }
}

/// Takes the variables of the session out of the parameters.
pub fn settings(params: Vec<Param>) -> (Vec<Setting>, Vec<Param>) {
    let is_known = |param: &Param| {
        // Whatever is wrong with its value, it is a parameter.
        !matches!(apply(MySqlConnectOptions::new(), param), Ok(None))
    };
    let (known, others): (Vec<_>, Vec<_>) = params.into_iter().partition(is_known);
    let (settings, rest): (Vec<_>, Vec<_>) = others
        .into_iter()
        .map(|param| (Setting::of(&param), param))
        .partition(|(setting, _)| setting.is_some());
    let settings = settings.into_iter().filter_map(|(setting, _)| setting);
    let rest = rest.into_iter().map(|(_, param)| param);
    (settings.collect(), known.into_iter().chain(rest).collect())
}
