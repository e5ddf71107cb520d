//! A connector, an API that answers from a script, and the commands that are run: what the program
//! says and every fact it finds, as a text.

use std::fmt::Write as _;
use std::path::Path;

use rolecall::c1z::{C1z, EntitlementFilter, GrantFilter, ReadLimits};
use rolecall::model::{Resource, ResourceTrait, SyncKind};

use super::case::SECRET;
use super::server::{Exchange, Server};

/// What is run in a folder with `connector.yaml`, `exchanges.yaml` (as in `tests/fixtures/http`, in any
/// order; several with the same question are answered in turn) and `expected.txt`.
pub struct Scene<'s> {
    pub folder: &'s Path,
    /// The arguments of each command, `${FOLDER}` for the folder of its output.
    pub commands: Vec<Vec<String>>,
    /// Further variables of the environment.
    pub env: Vec<(String, String)>,
}

impl Scene<'_> {
    /// Runs the commands and compares. With `ROLECALL_UPDATE_FIXTURES` set, `expected.txt` is written
    /// instead: read the difference.
    pub fn play(&self) -> Result<(), String> {
        let folder = self.folder;
        let name = folder.file_name().expect("a name").to_string_lossy();
        let server = Server::bind();
        let (base, other) = (server.address().to_string(), server.other().to_string());
        let secure = format!("https://{}", server.secure());
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let exchanges = read("exchanges.yaml")
            .replace("${BASE}", &format!("http://{base}"))
            .replace("${OTHER}", &format!("http://{other}"))
            .replace("${SECURE}", &secure)
            .replace("${BASE_HOST}", &base);
        let exchanges: Vec<Exchange> = serde_yaml::from_str(&exchanges)
            .map_err(|error| format!("{name}: exchanges.yaml: {error}"))?;
        let server = server.script(exchanges).in_any_order();
        let output = tempfile::TempDir::new().expect("a folder");
        let place = output.path().to_string_lossy();
        let mut found = String::new();
        for command in &self.commands {
            let ran = crate::program()
                .args(command.iter().map(|it| it.replace("${FOLDER}", &place)))
                .current_dir(folder)
                .env("BASE", format!("http://{base}"))
                .env("OTHER", format!("http://{other}"))
                .env("SECURE", &secure)
                .env("BASE_HOST", &base)
                .env("SECRET", SECRET)
                .env("FOLDER", output.path())
                .env("HOME", output.path())
                .envs(self.env.iter().cloned())
                .output()
                .expect("the program runs");
            let code = ran.status.code().unwrap_or(-1);
            found.push_str(&format!("exit code {code}\n{}", crate::said(&ran)));
        }
        facts(&output.path().join("out.c1z"), &mut found);
        let logged_at = regex::Regex::new(r"(?m)^\d{4}-\d\d-\d\dT\S+ +(\w+) \S+: ");
        let logged_at = logged_at.expect("a pattern");
        // Tasks wait for as long as it happens to take.
        let waited = regex::Regex::new(r"(?m)^  \d+ requests? sent again, \d+ s waited\n");
        let found = waited.expect("a pattern").replace_all(&found, "");
        let found = logged_at
            .replace_all(&found, "$1 ")
            .replace(&*place, "")
            .replace(&base, "base")
            .replace(&other, "other")
            .replace(&secure, "https://secure");
        let problems = server.finish();
        if found.contains(SECRET) {
            return Err(format!("{name}: the secret is seen in\n{found}"));
        }
        if !problems.is_empty() {
            return Err(format!("{name}: {}\n{found}", problems.join("\n  ")));
        }
        if std::env::var_os("ROLECALL_UPDATE_FIXTURES").is_some() {
            std::fs::write(folder.join("expected.txt"), &found).expect("a writable folder");
        }
        let expected = read("expected.txt");
        match found == expected {
            true => Ok(()),
            false => Err(format!("{name}: found\n{found}\nexpected\n{expected}")),
        }
    }
}

/// Plays the cases of a folder of fixtures, some at a time, because each waits for its own server and
/// program; names those that fail.
pub fn play_all(cases: &[std::path::PathBuf], play: fn(&Path) -> Result<(), String>) {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let groups: Vec<_> = (0..4)
            .map(|group| {
                let cases = cases.iter().skip(group).step_by(4);
                scope.spawn(move || {
                    cases
                        .filter_map(|case| play(case).err())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let groups = groups.into_iter();
        groups
            .flat_map(|group| group.join().expect("no panic"))
            .collect()
    });
    assert!(
        failures.is_empty(),
        "{} cases fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Every fact of a sync file, a line each, sorted.
fn facts(file: &Path, into: &mut String) {
    let Ok(opened) = C1z::open(file, ReadLimits::default()) else {
        return;
    };
    let sync = opened.sync(None).expect("it holds a finished run");
    let mut lines: Vec<String> = Vec::new();
    if sync.run().kind != SyncKind::Full {
        writeln!(into, "kind {}", sync.run().kind.as_str()).expect("a String takes all");
    }
    lines.extend(
        sync.resources(None)
            .map(|fact| resource(&fact.expect("readable"))),
    );
    for fact in sync.entitlements(&EntitlementFilter::default()) {
        let fact = fact.expect("readable");
        lines.push(format!("entitlement {} `{}`", fact.id, fact.display_name));
    }
    for fact in sync.grants(&GrantFilter::default()) {
        let fact = fact.expect("readable");
        let principal = &fact.principal;
        lines.push(format!(
            "grant {} to {}/{}",
            fact.entitlement, principal.resource_type, principal.id
        ));
    }
    lines.sort();
    for line in lines {
        writeln!(into, "{line}").expect("a String takes all");
    }
}

fn resource(resource: &Resource) -> String {
    let id = &resource.id;
    let mut line = format!(
        "resource {}/{} `{}`",
        id.resource_type, id.id, resource.display_name
    );
    if let Some(parent) = &resource.parent {
        write!(line, " in {}/{}", parent.resource_type, parent.id).expect("a String takes all");
    }
    for found in &resource.traits {
        if let ResourceTrait::User(user) = found {
            write!(line, " {:?}", user.status).expect("a String takes all");
            let emails = user.emails.iter().map(|email| email.address.as_str());
            for email in emails {
                write!(line, " <{email}>").expect("a String takes all");
            }
            if !user.login.is_empty() {
                write!(line, " login {}", user.login).expect("a String takes all");
            }
            if let Some(at) = user.last_login {
                write!(line, " last seen {}", at.to_rfc3339()).expect("a String takes all");
            }
        }
        for (name, value) in found.profile().into_iter().flatten() {
            write!(line, " {name}={value:?}").expect("a String takes all");
        }
    }
    line
}
