//! The platform's own authority, and certificates that it signs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::PlatformError;

/// A new authority: its certificate, which connectors trust, and its key.
pub(super) struct Authority {
    /// The certificate, as PEM.
    pub certificate: String,
    /// The key, as PEM.
    pub key: String,
}

/// Makes an authority that lasts ten years.
pub(super) fn authority(now: DateTime<Utc>) -> Result<Authority, PlatformError> {
    let key = KeyPair::generate()?;
    Ok(Authority {
        certificate: authority_params(now)?.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    })
}

fn authority_params(now: DateTime<Utc>) -> Result<CertificateParams, PlatformError> {
    let mut params = CertificateParams::new(Vec::new())?;
    valid(&mut params, now, TimeDelta::days(3650));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "rolecall platform authority");
    Ok(params)
}

/// TLS of the server, with a new certificate for `host` and this machine that the authority's key
/// signs. It lasts a year; each start of the server makes one, so no key of it is kept anywhere.
pub(super) fn server(
    authority_key: &str,
    host: &str,
    now: DateTime<Utc>,
) -> Result<Arc<ServerConfig>, PlatformError> {
    // Of the authority, a certificate takes over its name and the id of its key only.
    let issuer = Issuer::new(authority_params(now)?, KeyPair::from_pem(authority_key)?);
    let mut params = CertificateParams::new(Vec::new())?;
    valid(&mut params, now, TimeDelta::days(365));
    params.subject_alt_names = names(host)?;
    params.distinguished_name.push(DnType::CommonName, host);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;

    let chain = vec![CertificateDer::from(certificate)];
    let key = PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|reason| rustls::Error::General(reason.to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(tls))
}

/// From the day before, for clocks that are behind.
fn valid(params: &mut CertificateParams, now: DateTime<Utc>, span: TimeDelta) {
    let day = |at: DateTime<Utc>| date_time_ymd(at.year(), at.month() as u8, at.day() as u8);
    params.not_before = day(now - TimeDelta::days(1));
    params.not_after = day(now + span);
}

fn names(host: &str) -> Result<Vec<SanType>, PlatformError> {
    let mut names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = match bare.parse() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(host.try_into()?),
    };
    if !names.contains(&name) {
        names.push(name);
    }
    Ok(names)
}
