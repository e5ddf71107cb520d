//! What the connection logs: a clock that is wrong, once, and nothing secret at any level.

use std::io;
use std::sync::{Arc, Mutex};

use rolecall::daemon::{Link, LinkSettings, Parcel};
use secrecy::ExposeSecret as _;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use super::link::Off;
use super::scripted::Platform;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).into_owned()
    }
}

/// Starts a platform on a thread of its own, whose log is none of ours. It ends with the process.
fn elsewhere() -> Platform {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            sender.send(Platform::start()).expect("is waited for");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("it starts")
}

#[tokio::test]
async fn nothing_secret_is_logged_and_a_wrong_clock_once() {
    let platform = elsewhere();
    let log = Log::default();
    let finest = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(finest);

    let settings = LinkSettings {
        clock: Arc::new(Off { seconds: -300 }),
        ..platform.settings()
    };
    let secret = settings.client_secret.clone();
    let link = Link::new(settings).expect("good settings");
    for _ in 0..3 {
        link.get_task().await.expect("is answered");
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "C1ZF").expect("is written");
    platform.answers(Err(tonic::Status::unavailable("token-4 is tired")));
    let parcel = Parcel::file(file.path()).expect("is there");
    let uploaded = link.upload("2abcdefghijklmnopqrstuvwxyz", &parcel).await;
    uploaded.expect("is taken in the end");

    let text = log.text();
    assert!(
        text.contains("TRACE") && text.contains("h2"),
        "finest level of everybody"
    );
    assert!(
        text.contains("the upload begins again"),
        "the trouble is told"
    );
    let warned = text.matches("the clock of this machine is slow").count();
    assert_eq!(warned, 1);
    let seen = platform.seen();
    assert!(seen.tokens > 3 && seen.forms.len() > 4);
    for number in 1..=seen.tokens {
        assert!(!text.contains(&format!("token-{number}")), "token {number}");
    }
    let key = secret
        .expose_secret()
        .rsplit(':')
        .next()
        .expect("four parts");
    assert!(!text.contains(key), "the secret");
    for form in &seen.forms {
        let mut pairs = url::form_urlencoded::parse(form.as_bytes());
        let assertion = pairs.find(|(name, _)| name == "client_assertion");
        let (_, assertion) = assertion.expect("is sent");
        for part in assertion.split('.') {
            assert!(!text.contains(part), "a part of an assertion");
        }
    }
}
