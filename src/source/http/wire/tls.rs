//! `connect.tls`: whom an API is trusted by, and the certificate that says who we are.

use reqwest::{Certificate, ClientBuilder, Identity};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};

use super::trouble::TlsTrouble;
use crate::config::CompileContext;
use crate::config::connect::TlsConfig;
use crate::config::scalar::{EnvText, SecretText, Text};
use crate::diagnostic::Span;
use crate::source::SourceError;
use crate::source::http::token::key::secret_file;

/// The compiled `connect.tls`.
#[derive(Debug, Default)]
pub(in crate::source::http) struct Tls {
    /// Authorities besides those that the machine trusts, in PEM form.
    authorities: Option<String>,
    /// A certificate and its key, in PEM form.
    identity: Option<SecretString>,
    unchecked: bool,
}

const FORM: &str = "a PEM file is text between `-----BEGIN …-----` and `-----END …-----`; `openssl` makes one of other forms";

impl Tls {
    /// Reads the files. Every mistake is noted.
    pub(in crate::source::http) fn compile(
        config: Option<&TlsConfig>,
        place: Span,
        cx: &mut CompileContext,
    ) -> Self {
        let Some(config) = config else {
            return Self::default();
        };
        let unchecked = config.insecure_skip_verify == Some(true);
        if unchecked {
            cx.warning(
                "insecure-tls",
                place,
                "the certificate of the API is not checked: whoever stands between can read and change everything",
                "name the file of its authority in `ca_file` instead",
            );
        }
        if let Some(file) = config.ca_file.as_ref().filter(|_| unchecked) {
            cx.warning(
                "no-effect",
                file.0.span,
                "`ca_file` has no effect: the certificate of the API is not checked",
                "remove `insecure_skip_verify`",
            );
        }
        let authorities = config.ca_file.as_ref();
        let authorities = authorities.and_then(|file| certificates(file, "ca_file", cx));
        Self {
            authorities: authorities.filter(|_| !unchecked),
            identity: identity(config, cx),
            unchecked,
        }
    }

    /// A client that does so.
    pub(in crate::source::http) fn apply(
        &self,
        mut builder: ClientBuilder,
    ) -> Result<ClientBuilder, SourceError> {
        let invalid = |field: &str, error: reqwest::Error| {
            SourceError::Invalid(format!("`{field}` cannot be used: {error}"))
        };
        if let Some(pem) = &self.authorities {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes());
            builder = builder
                .tls_certs_merge(certificates.map_err(|error| invalid("tls.ca_file", error))?);
        }
        if let Some(pem) = &self.identity {
            let identity = Identity::from_pem(pem.expose_secret().as_bytes());
            builder = builder
                .identity(identity.map_err(|error| invalid("tls.client_certificate", error))?);
        }
        Ok(builder.tls_danger_accept_invalid_certs(self.unchecked))
    }

    /// What no message may repeat.
    pub(in crate::source::http) fn secrets(&self) -> impl Iterator<Item = SecretString> + '_ {
        let words = |secret: &SecretString| {
            let words = secret.expose_secret().split_whitespace();
            SecretString::from(words.collect::<Vec<_>>().join(" "))
        };
        self.identity.iter().map(words)
    }
}

fn identity(config: &TlsConfig, cx: &mut CompileContext) -> Option<SecretString> {
    let certificate = config.client_certificate.as_ref();
    let key = config.client_key.as_ref();
    let (certificate, key) = match (certificate, key) {
        (None, None) => return None,
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(written), None) => {
            return alone(written.0.span, "client_certificate", "client_key", cx);
        }
        (None, Some(written)) => {
            return alone(written.0.span, "client_key", "client_certificate", cx);
        }
    };
    let certificate = certificates(certificate, "client_certificate", cx);
    let key = private_key(key, cx);
    Some(SecretString::from(format!("{}\n{}\n", certificate?, key?)))
}

fn alone<T>(span: Span, name: &str, other: &str, cx: &mut CompileContext) -> Option<T> {
    let message =
        format!("`{name}` is written, but not `{other}`: a certificate and its key go together");
    cx.error("bad-param", span, message)
}

/// What a variable holds, or the content of the file that is named.
fn content(source: &EnvText, field: &str, cx: &mut CompileContext) -> Option<String> {
    let written = cx.env(source)?;
    match written.trim_start().starts_with("-----BEGIN") {
        true => Some(written),
        false => secret_file(source, field, cx),
    }
}

fn certificates(source: &EnvText, field: &str, cx: &mut CompileContext) -> Option<String> {
    let text = content(source, field, cx)?;
    let mut found = CertificateDer::pem_slice_iter(text.as_bytes());
    if found.next().is_some_and(|first| first.is_ok()) && found.all(|other| other.is_ok()) {
        return Some(text);
    }
    let message = format!("`{field}` holds no certificate in PEM form");
    cx.lacking("bad-key", source.0.span, message, FORM);
    None
}

fn private_key(source: &SecretText, cx: &mut CompileContext) -> Option<String> {
    let Text { text, span } = &source.0;
    // A path is no secret; the key itself comes from a variable.
    let source = EnvText(Text {
        text: text.clone(),
        span: *span,
    });
    let key = content(&source, "client_key", cx)?;
    let (message, help) = match PrivateKeyDer::from_pem_slice(key.as_bytes()) {
        Ok(_) => return Some(key),
        Err(_) if key.contains("ENCRYPTED") => (
            "`client_key` is locked with a password",
            "unlock it: `openssl pkey -in locked.pem -out key.pem`, and let nobody else read that file",
        ),
        Err(_) => ("`client_key` holds no private key in PEM form", FORM),
    };
    cx.lacking("bad-key", *span, message, help);
    None
}

/// What a failure of TLS means for the author of a connector file, and what to do about it.
pub(in crate::source::http) fn meaning(trouble: TlsTrouble) -> &'static str {
    match trouble {
        TlsTrouble::NoTls => "it does not answer with TLS; is its address an `http://` one?",
        TlsTrouble::OtherProtocol => {
            "it speaks neither HTTP/1.1 nor HTTP/2; is the port in `base_url` right?"
        }
        TlsTrouble::UnknownAuthority => {
            "its certificate is signed by an authority that is not known here; name the file of that authority in `connect.tls.ca_file`"
        }
        TlsTrouble::OtherHost => {
            "its certificate is for another host name; write the name it is for in `base_url`"
        }
        TlsTrouble::Expired => "its certificate has expired; its administrator renews it",
        TlsTrouble::WantsCertificate => {
            "it wants a certificate of us; name it and its key in `connect.tls.client_certificate` and `client_key`"
        }
        TlsTrouble::OurAuthority => {
            "it does not know the authority that signed our certificate, `connect.tls.client_certificate`"
        }
        TlsTrouble::OurCertificate => {
            "it does not take our certificate, `connect.tls.client_certificate`"
        }
    }
}
