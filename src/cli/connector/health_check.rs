//! `health-check`: asks a running service how it is.

use tonic::Code;

use super::flags::Flags;
use super::refusal::Refusal;
use super::sub_command::HealthCheckArgs;
use super::translate::health_address;
use crate::source::http::install_tls;

/// The most of an answer that is shown.
const MOST: usize = 4096;

/// Asks, and returns what the service says; refused where it is not well, or does not say.
pub(super) fn ask(args: &HealthCheckArgs, flags: &Flags) -> Result<String, Refusal> {
    let unavailable = |message: String| Refusal::of(Code::Unavailable, message);
    let endpoint = args.endpoint.name();
    let url = format!("http://{}/{endpoint}", health_address(flags));
    let asked = async {
        install_tls();
        // It is this machine that is asked, whatever proxies there are for others.
        let client = reqwest::Client::builder().no_proxy().timeout(args.timeout);
        let mut answer = client.build()?.get(&url).send().await?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await?
            && body.len() < MOST
        {
            body.extend_from_slice(&part);
        }
        body.truncate(MOST);
        let text = String::from_utf8_lossy(&body).trim().to_owned();
        Ok::<_, reqwest::Error>((answer.status(), text))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unavailable(format!("cannot ask {url}: {error}")))?;
    match runtime.block_on(asked) {
        Ok((status, text)) if status == reqwest::StatusCode::OK => Ok(text),
        Ok((status, text)) => Err(unavailable(format!("{url} answered {status}: {text}"))),
        Err(error) if error.is_timeout() => {
            let limit = args.timeout.as_secs_f64();
            Err(Refusal::of(
                Code::DeadlineExceeded,
                format!("{url} did not answer within {limit} s"),
            ))
        }
        Err(error) => {
            let why = report_cause(&error);
            Err(unavailable(format!("cannot reach {url}: {why}")))
        }
    }
}

/// The innermost cause: those around it only say that the request failed.
fn report_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
