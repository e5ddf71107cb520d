//! A request that got no answer → what is known of the reason.

use std::error::Error;

/// What kept TLS from beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsTrouble {
    /// The other side speaks something else.
    NoTls,
    /// It speaks TLS, but inside of it nothing that we speak.
    OtherProtocol,
    /// Nobody here knows who signed its certificate.
    UnknownAuthority,
    /// Its certificate is for another name.
    OtherHost,
    /// Its certificate has expired.
    Expired,
    /// It wants a certificate of us.
    WantsCertificate,
    /// It does not know who signed ours.
    OurAuthority,
    /// It does not take ours.
    OurCertificate,
}

impl TlsTrouble {
    /// Reads what a client says of a failure; `None` when it is none of those known.
    pub fn of(said: &str) -> Option<Self> {
        let said = said.to_lowercase().replace(' ', "");
        let signs = [
            ("invalidcontenttype", Self::NoTls),
            ("noapplicationprotocol", Self::OtherProtocol),
            ("unknownissuer", Self::UnknownAuthority),
            ("notvalidforname", Self::OtherHost),
            ("expired", Self::Expired),
            ("certificaterequired", Self::WantsCertificate),
            ("unknownca", Self::OurAuthority),
            ("badcertificate", Self::OurCertificate),
        ];
        let known = signs.iter().find(|(sign, _)| said.contains(sign));
        known.map(|(_, trouble)| *trouble)
    }
}

/// What stands at the bottom of a failure, where the fact is, in lower case.
pub(crate) fn told(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.to_lowercase()
}
