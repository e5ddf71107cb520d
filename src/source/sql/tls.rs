//! The files of a TLS connection, looked at before anything connects; and what its failures mean.

use std::io;
use std::path::{Path, PathBuf};

use super::target::Param;
use crate::config::CompileContext;
use crate::diagnostic::Span;

/// A file that a parameter of a connection names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The certificates of the authorities that may sign the server's.
    Authority,
    /// The certificate that says who we are.
    Certificate,
    /// Its private key.
    Key,
}

/// As `sslrootcert` this means the authorities that the machine trusts anyway.
pub const SYSTEM: &str = "system";

impl File {
    /// The file that a parameter of this name is about, as libpq or MySQL spell it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().replace('_', "-").as_str() {
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslca" => File::Authority,
            "sslcert" | "ssl-cert" => File::Certificate,
            "sslkey" | "ssl-key" => File::Key,
            _ => return None,
        })
    }

    /// What is wrong with the file, and the way out.
    fn problem_of_file(self, path: &Path) -> Option<(String, &'static str)> {
        let shown = path.display();
        match std::fs::read(path) {
            Ok(bytes) => self.problem(&String::from_utf8_lossy(&bytes), &shown.to_string()),
            Err(error) => {
                let message = match error.kind() {
                    io::ErrorKind::NotFound => format!("there is no file {shown}"),
                    io::ErrorKind::PermissionDenied => format!("{shown} may not be read"),
                    _ => format!("{shown} cannot be read"),
                };
                Some((
                    message,
                    "a relative path starts at the folder of the connector file, or else where the program runs",
                ))
            }
        }
    }

    /// What is wrong with the text of a file that is called `shown`.
    fn problem(self, text: &str, shown: &str) -> Option<(String, &'static str)> {
        let locked =
            text.contains("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED");
        let (wanted, what) = match self {
            File::Authority | File::Certificate => ("-----BEGIN CERTIFICATE-----", "certificate"),
            File::Key => ("PRIVATE KEY-----", "private key"),
        };
        match self {
            File::Key if locked => Some((
                format!("the key in {shown} is locked with a password"),
                "unlock it: `openssl pkey -in locked.pem -out key.pem`, and let nobody else read that file",
            )),
            _ if text.contains(wanted) => None,
            _ => Some((
                format!("{shown} holds no {what} in PEM form"),
                "a PEM file is text between `-----BEGIN …-----` and `-----END …-----`; `openssl` makes one of other forms",
            )),
        }
    }
}

/// The parameters of a connection with the files among them found and looked at. Notes what is
/// wrong with them.
pub fn located(params: &[Param], cx: &mut CompileContext) -> Vec<Param> {
    let folder = cx.folder();
    let mut found = Vec::new();
    let mut pair: [Option<(Span, &str)>; 2] = [None, None];
    for param in params {
        let mut param_found = param.clone();
        if let Some(file) = File::named(&param.name) {
            // As everywhere, what is empty is not written.
            if param.value.is_empty() {
                continue;
            }
            match file {
                File::Authority => {}
                File::Certificate => pair[0] = Some((param.span, &param.name)),
                File::Key => pair[1] = Some((param.span, &param.name)),
            }
            let problem = if is_inline(&param.value) {
                file.problem(&param.value, "the value")
            } else if file == File::Authority && param.value == SYSTEM {
                None
            } else {
                let path = path(&folder, &param.value);
                param_found.value = path.to_string_lossy().into_owned();
                file.problem_of_file(&path)
            };
            if let Some((problem, help)) = problem {
                let message = format!("`{}`: {problem}", param.name);
                cx.lacking("bad-param", param.span, message, help);
            }
        }
        found.push(param_found);
    }
    let ((span, name), other) = match pair {
        [Some(certificate), None] => (certificate, certificate.1.replace("cert", "key")),
        [None, Some(key)] => (key, key.1.replace("key", "cert")),
        _ => return found,
    };
    let message =
        format!("`{name}` is written, but not `{other}`: a certificate and its key go together");
    cx.error::<()>("bad-param", span, message);
    found
}

/// True for what is no path but the content of such a file: a variable may hold a key.
pub fn is_inline(value: &str) -> bool {
    value.trim_start().starts_with("-----BEGIN")
}

/// Beside the connector file where there is such a file, else where the program runs.
fn path(folder: &Path, written: &str) -> PathBuf {
    let beside = folder.join(written);
    if beside.exists() {
        return beside;
    }
    PathBuf::from(written)
}

/// Says that the certificate of the server is not checked although its authority is named.
pub fn unchecked_authority(params: &[Param], how: &str, cx: &mut CompileContext) {
    let named = |param: &&Param| File::named(&param.name) == Some(File::Authority);
    if let Some(param) = params.iter().find(named) {
        cx.warning(
            "no-effect",
            param.span,
            format!(
                "`{}` has no effect: the certificate of the server is not checked",
                param.name
            ),
            how,
        );
    }
}

/// What a failure of TLS means, when the driver reports one among the failures of the network.
pub fn failure(error: &io::Error) -> Option<String> {
    let text = error.to_string();
    let ours = ["invalid peer certificate", "received fatal alert", "peer "];
    (error.get_ref().is_some() && ours.iter().any(|start| text.starts_with(start)))
        .then(|| reason(&text))
}

/// What TLS says, and what to do about it.
pub fn reason(said: &str) -> String {
    let advice = [
        (
            "UnknownIssuer",
            "the certificate of the server is signed by an authority that is not known here; name the file of that authority in `sslrootcert` (PostgreSQL) or `ssl-ca` (MySQL)",
        ),
        (
            "not valid for name",
            "the certificate of the server is for another host name; connect by the name it is for, or check no more than its authority with `verify-ca`",
        ),
        (
            "NotValidForName",
            "the certificate of the server is for another host name; connect by the name it is for, or check no more than its authority with `verify-ca`",
        ),
        (
            "expired",
            "the certificate of the server has expired; its administrator renews it",
        ),
        (
            "server does not support TLS",
            "the server speaks no TLS; turn it on there, or connect without it, where the network may be trusted, with `sslmode=disable` (PostgreSQL) or `tls=false` (MySQL)",
        ),
        (
            "CertificateRequired",
            "the server wants a certificate; name it and its key in `sslcert` and `sslkey` (PostgreSQL) or `ssl-cert` and `ssl-key` (MySQL)",
        ),
        (
            "UnknownCA",
            "the server does not know the authority that signed the certificate sent to it",
        ),
    ];
    let known = advice.iter().find(|(sign, _)| said.contains(sign));
    let meaning = known.map_or(said, |(_, meaning)| meaning);
    format!("TLS failed: {meaning}")
}

/// What a server says that refuses a connection for want of TLS, and what to do about it.
pub fn with_advice(reason: String) -> String {
    let advice = [
        (
            "requires a valid client certificate",
            "name it and its key in `sslcert` and `sslkey`",
        ),
        ("no encryption", "`sslmode=require` encrypts the connection"),
        (
            "insecure transport",
            "`ssl-mode=required` encrypts the connection",
        ),
    ];
    match advice.iter().find(|(sign, _)| reason.contains(sign)) {
        Some((_, advice)) => format!("{reason}; {advice}"),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_tls_are_told_from_those_of_the_network() {
        let tls = io::Error::new(
            io::ErrorKind::InvalidData,
            "invalid peer certificate: UnknownIssuer",
        );
        let said = failure(&tls).expect("it is one of TLS");
        assert!(said.contains("`sslrootcert`"), "{said}");
        let network = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(failure(&network), None);
        assert_eq!(reason("something else"), "TLS failed: something else");
    }
}
