//! The long forms of codes: each code has one, and their examples are what they say they are.

use rolecall::diagnostic::codes::{DIAGNOSTICS, FINDINGS};
use rolecall::diagnostic::explained::{self, GROUPS, Part};
use rolecall::plan::Purpose;

use super::checked;

/// Codes that no text of a connector file can show by itself.
const WITHOUT_EXAMPLE: [&str; 3] = ["not-utf8", "test-failed", "unreadable-file"];

/// What a fragment `sql` is a part of.
const DATABASE: &str = "\
app_name: Acme
connect:
  dsn: postgres://${DB_USER}:${DB_PASSWORD}@db.example.com/hr
resource_types:
  user:
    name: User
    list:
      query: SELECT id, name FROM people
      map:
        id: .id
        display_name: .name
";

/// What a fragment `http` is a part of.
const API: &str = "\
app_name: Acme
connect:
  base_url: https://api.example.com
  auth:
    type: bearer
    token: ${ACME_TOKEN}
resource_types:
  user:
    name: User
    list:
      request:
        url: /users
      response:
        items_path: users
        resource_mapping:
          id: cel:item.id
          display_name: cel:item.name
";

/// A key with what stands under it.
struct Entry<'t> {
    key: &'t str,
    head: &'t str,
    below: Vec<&'t str>,
}

impl Entry<'_> {
    fn text(&self) -> String {
        let lines = std::iter::once(self.head).chain(self.below.iter().copied());
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// Whether what stands under it is a mapping, one key per line.
    fn is_mapping(&self) -> bool {
        let first = self.below.iter().find(|line| !line.trim().is_empty());
        self.head.trim_end().ends_with(':')
            && first.is_some_and(|line| !line.trim_start().starts_with("- "))
    }
}

/// A kind brings its own fields: nothing of another one is joined with them.
fn has_kind(below: &str) -> bool {
    entries(below)
        .iter()
        .any(|entry| ["type", "scheme"].contains(&entry.key))
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let base = text.lines().next().map_or(0, depth);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in text.lines() {
        let is_key = depth(line) == base && !line.trim().is_empty();
        match entries.last_mut() {
            Some(entry) if !is_key || line.trim_start().starts_with('#') => entry.below.push(line),
            _ => entries.push(Entry {
                key: line.split(':').next().unwrap_or(line).trim(),
                head: line,
                below: Vec::new(),
            }),
        }
    }
    entries
}

/// The frame with the piece in it: mappings are joined, whatever else the piece says replaces what the
/// frame says.
fn placed(frame: &str, piece: &str) -> String {
    let mut piece = entries(piece);
    let mut whole = String::new();
    for entry in entries(frame) {
        match piece.iter().position(|it| it.key == entry.key) {
            Some(at) => {
                let own = piece.remove(at);
                let below = own.below.join("\n");
                if own.is_mapping() && entry.is_mapping() && !has_kind(&below) {
                    let below = placed(&entry.below.join("\n"), &below);
                    whole.push_str(&format!("{}\n{below}", own.head));
                } else {
                    whole.push_str(&own.text());
                }
            }
            None => whole.push_str(&entry.text()),
        }
    }
    whole.extend(piece.iter().map(Entry::text));
    whole
}

fn file(of: &str, yaml: &str) -> Option<String> {
    match of {
        "sql" => Some(placed(DATABASE, yaml)),
        "http" => Some(placed(API, yaml)),
        "whole" => Some(yaml.to_owned()),
        _ => None,
    }
}

/// What is found in a file, by code; also those of variables without a value.
fn codes(text: &str) -> Vec<&'static str> {
    let found = checked(text, Purpose::Everything, false).1;
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn pieces_are_put_into_their_frames() {
    assert_eq!(
        placed(DATABASE, "app_name: Other\n"),
        DATABASE.replace("Acme", "Other")
    );
    let deep =
        "resource_types:\n  user:\n    list:\n      query: SELECT 1\n  group:\n    name: G\n";
    let expected =
        DATABASE.replace("SELECT id, name FROM people", "SELECT 1") + "  group:\n    name: G\n";
    assert_eq!(placed(DATABASE, deep), expected);
    for frame in [DATABASE, API] {
        assert_eq!(codes(frame), [""; 0]);
    }
}

/// A code that is added needs a long form: this says which have none.
#[test]
fn every_code_has_a_long_form() {
    let mut missing = Vec::new();
    for group in &GROUPS {
        let folder = group.folder;
        for code in group.codes {
            match (group.long)(code.name) {
                Some(text) if explained::markdown(text).len() > 120 => {}
                Some(_) => missing.push(format!("more text in {folder}/{}.md", code.name)),
                None => missing.push(format!(
                    "{folder}/{}.md, and its line in table.rs",
                    code.name
                )),
            }
        }
    }
    assert!(
        missing.is_empty(),
        "codes of src/diagnostic/codes.rs are not explained; write in src/diagnostic/explained:\n{}",
        missing.join("\n")
    );
}

/// A file of a code that is gone says something that nobody is told.
#[test]
fn no_long_form_is_left_over() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostic/explained");
    for group in &GROUPS {
        for entry in std::fs::read_dir(root.join(group.folder)).expect("the folder is there") {
            let path = entry.expect("a readable folder").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let is_code = group.codes.iter().any(|code| code.name == name);
            assert!(is_code, "there is no code `{name}`: {}", path.display());
        }
    }
}

/// The wrong example has exactly this mistake, the right one has none.
#[test]
fn examples_of_diagnostics_are_true() {
    let mut problems = Vec::new();
    for code in DIAGNOSTICS {
        let Some(text) = explained::of_diagnostic(code.name) else {
            continue;
        };
        let mut sides = [0, 0];
        for part in explained::parts(text) {
            let Part::Example { wrong, of, yaml } = part else {
                continue;
            };
            sides[usize::from(wrong)] += 1;
            let Some(file) = file(of, yaml) else {
                problems.push(format!(
                    "{}: `{of}` is no frame; there are sql, http and whole",
                    code.name
                ));
                continue;
            };
            let found = codes(&file);
            let is_true = match wrong {
                true => !found.is_empty() && found.iter().all(|it| *it == code.name),
                false => found.is_empty(),
            };
            if !is_true {
                let side = if wrong { "wrong" } else { "right" };
                let shown = checked(&file, Purpose::Everything, false).1;
                let shown: Vec<_> = shown
                    .iter()
                    .map(|it| {
                        format!(
                            "{} {}: {}",
                            it.at.as_ref().map(ToString::to_string).unwrap_or_default(),
                            it.code,
                            it.message
                        )
                    })
                    .collect();
                problems.push(format!(
                    "{}, the {side} example: {found:?}\n    {}\n{yaml}",
                    code.name,
                    shown.join("\n    ")
                ));
            }
        }
        if sides.contains(&0) != WITHOUT_EXAMPLE.contains(&code.name) {
            problems.push(format!("{}: {sides:?} right and wrong examples", code.name));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What a finding advises is sound, and what leads to it is no mistake of the file: it shows only when
/// the system answers.
#[test]
fn examples_of_findings_are_sound() {
    let mut problems = Vec::new();
    for code in FINDINGS {
        for part in explained::of_finding(code.name)
            .map(explained::parts)
            .unwrap_or_default()
        {
            let Part::Example { of, yaml, .. } = part else {
                continue;
            };
            let found = file(of, yaml).map(|file| codes(&file));
            if found.as_deref() != Some(&[]) {
                problems.push(format!("{}: {found:?}\n{yaml}", code.name));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
