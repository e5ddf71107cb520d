//! Changes that end, that do not, and that are begun twice.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use super::super::outcome::{Outcome, Subject, Verdict};
use super::*;

fn who() -> Who {
    Who {
        user: "ada".to_owned(),
        host: "desk".to_owned(),
        pid: 7,
        on_behalf_of: Some("grace".to_owned()),
    }
}

fn outcome(verdict: Verdict) -> Outcome {
    Outcome {
        operation: "grant",
        subject: Subject::new(),
        verdict,
        message: "so it is".to_owned(),
        annotations: Vec::new(),
        steps: Vec::new(),
        read_back: None,
        result: Some("for whoever asked".into()),
    }
}

#[test]
fn what_has_no_clear_outcome_is_unfinished() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.jsonl");
    let mut file = AuditFile::open(&path, who()).expect("can be made");
    let subject = Subject::from([("principal", "user/7".to_owned())]);
    let intent = |file: &mut AuditFile, key: &str| {
        let intent = Intent {
            key: key.to_owned(),
            connector: "Acme",
            operation: "grant",
            subject: &subject,
            sends: Vec::new(),
        };
        file.intent(&intent).expect("can be written")
    };
    let is_unfinished =
        |file: &mut AuditFile, key| file.unfinished(key).expect("can be read").is_some();
    assert!(!is_unfinished(&mut file, "a"));
    let first = intent(&mut file, "a");
    assert!(is_unfinished(&mut file, "a") && !is_unfinished(&mut file, "b"));
    file.outcome(&first, &outcome(Verdict::Unclear))
        .expect("written");
    assert!(
        is_unfinished(&mut file, "a"),
        "nobody knows what became of it"
    );
    let second = intent(&mut file, "a");
    intent(&mut file, "b");
    file.outcome(&second, &outcome(Verdict::AlreadySo))
        .expect("written");
    assert!(!is_unfinished(&mut file, "a") && is_unfinished(&mut file, "b"));
    // Two that begin the same at once: the second one is told, and looks first.
    let mut other = AuditFile::open(&path, who()).expect("is there");
    assert!(!is_unfinished(&mut other, "c") && !is_unfinished(&mut file, "c"));
    let fourth = intent(&mut file, "c");
    let late = Intent {
        key: "c".to_owned(),
        connector: "Acme",
        operation: "grant",
        subject: &subject,
        sends: Vec::new(),
    };
    let refused = other.intent(&late).expect_err("it is under way");
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    assert!(is_unfinished(&mut other, "c"));
    other.intent(&late).expect("it was looked for");
    file.outcome(&fourth, &outcome(Verdict::Made))
        .expect("written");
    // The same within one process, also where the first one is done before the second begins.
    let (mut one, mut two) = (file.for_another(who()), file.for_another(who()));
    assert!(!is_unfinished(&mut one, "d") && !is_unfinished(&mut two, "d"));
    let of_one = intent(&mut one, "d");
    one.outcome(&of_one, &outcome(Verdict::Made))
        .expect("written");
    let late = Intent {
        key: "d".to_owned(),
        ..late
    };
    assert!(two.intent(&late).is_err());
    assert!(!is_unfinished(&mut two, "d"));
    two.intent(&late).expect("it was looked for");
    drop((one, two));
    assert_eq!(file.shared.open().watched.len(), 1, "that of `file`");
    // A crash may cut a line; the next process writes behind it.
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(b"{\"event\":\"int"))
        .expect("can be written");
    let mut file = AuditFile::open(&path, who()).expect("is there");
    assert!(is_unfinished(&mut file, "b"));
    let third = intent(&mut file, "b");
    file.outcome(&third, &outcome(Verdict::Made))
        .expect("written");
    assert!(!is_unfinished(&mut file, "b"));
    let text = std::fs::read_to_string(&path).expect("text");
    assert!(!text.contains("for whoever asked"));
    assert!(
        text.lines()
            .next()
            .is_some_and(|line| line.contains(r#""on_behalf_of":"grace""#))
    );
    let mode = std::fs::metadata(&path)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
