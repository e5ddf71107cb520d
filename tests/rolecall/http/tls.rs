//! `connect.tls` against a server that speaks TLS.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rolecall::expr::Inputs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::case::{self, TestClock};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tls")
        .join(name)
}

/// How a server with this certificate speaks. Where it wants a certificate, it takes those of
/// `ca.pem`.
fn config(certificate: &str, wants_certificate: bool) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain =
        CertificateDer::from_pem_file(file(&format!("{certificate}.pem"))).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file(&format!("{certificate}.key"))).expect("a key");
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = if wants_certificate {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(file("ca.pem")).expect("an authority");
        roots.add(authority).expect("is one");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    let config = builder.with_single_cert(vec![chain], key);
    Arc::new(config.expect("they fit"))
}

/// The server's side of a connection on which both show a certificate.
pub fn accept(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let connection = ServerConnection::new(config("server", true)).expect("a connection");
    StreamOwned::new(connection, stream)
}

/// A server with this certificate that answers every request with no users.
fn serve(certificate: &str, wants_certificate: bool) -> u16 {
    let config = config(certificate, wants_certificate);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    // It ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            let mut request = [0; 4096];
            // One that hangs up, or shows no certificate, is part of the test.
            if stream.read(&mut request).is_ok() {
                let body = r#"{"users": []}"#;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    port
}

async fn list(port: u16, tls: &str) -> Result<(), String> {
    let yaml = format!(
        "connect: {{base_url: 'https://127.0.0.1:{port}', tls: {tls}}}\nhttp: {{retry: {{max_attempts: 1}}}}\nresource_types: {{user: {{list: {{request: {{url: /users}}, response: {{items_path: users}}}}}}}}\n"
    );
    let read = |name: &str| std::fs::read_to_string(file(name)).expect("is there");
    let environment = HashMap::from([
        ("TLS".to_owned(), file("").to_string_lossy().into_owned()),
        ("KEY".to_owned(), read("client.key")),
        ("CERTIFICATE".to_owned(), read("client.pem")),
    ]);
    let (both, found) = case::both(&yaml, environment, Arc::new(TestClock::default()), false);
    let (_source, listing) = both.unwrap_or_else(|| panic!("{found:?}"));
    let page = listing.page(&Inputs::new(), None).await;
    page.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_an_api_is_checked() {
    let port = serve("server", false);
    assert_eq!(list(port, "{ca_file: '${TLS}/ca.pem'}").await, Ok(()));
    for tls in ["{}", "{ca_file: '${TLS}/other-ca.pem'}"] {
        let error = list(port, tls)
            .await
            .expect_err("is signed by nobody known");
        assert!(
            error.contains("name the file of that authority in `connect.tls.ca_file`"),
            "{error}"
        );
    }
    assert_eq!(list(port, "{insecure_skip_verify: true}").await, Ok(()));
    let error = list(serve("elsewhere", false), "{ca_file: '${TLS}/ca.pem'}").await;
    let error = error.expect_err("is for another name");
    assert!(
        error.contains("its certificate is for another host name"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_may_want_a_certificate_of_us() {
    let port = serve("server", true);
    for tls in [
        "{ca_file: '${TLS}/ca.pem', client_certificate: '${TLS}/client.pem', client_key: '${TLS}/client.key'}",
        "{ca_file: '${TLS}/ca.pem', client_certificate: '${CERTIFICATE}', client_key: '${KEY}'}",
    ] {
        assert_eq!(list(port, tls).await, Ok(()));
    }
    let error = list(port, "{ca_file: '${TLS}/ca.pem'}")
        .await
        .expect_err("we show none");
    assert!(
        error.contains("`connect.tls.client_certificate` and `client_key`"),
        "{error}"
    );
}
