//! The tutorials, done step by step in a folder of their own, as a newcomer would do them.
//!
//! In `docs/tutorial-*.md`, a block `yaml file=acme.yaml` writes a file and `yaml append=acme.yaml` goes on
//! with it. A block `console` has commands after `$ ` and what they print, errors included; a line `…`
//! stands for any number of lines, and `…` in a line for any text. `console fails` is a block whose
//! commands fail. `ROLECALL_UPDATE_FIXTURES=1` writes what the commands print into the page, but for
//! those with a line `…`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

#[test]
fn the_tutorial_for_databases_works() {
    Tutorial::of("tutorial-sql").follow();
}

#[test]
fn the_tutorial_for_apis_works() {
    Tutorial::of("tutorial-rest").follow();
}

struct Tutorial {
    page: PathBuf,
    folder: tempfile::TempDir,
    /// What `export` has set.
    variables: Vec<(String, String)>,
    /// Steps that were done.
    done: usize,
}

impl Tutorial {
    fn of(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        // What the page has the reader copy.
        let given = root.join("docs").join(name);
        if given.is_dir() {
            copy(&given, &folder.path().join(name));
        }
        Self {
            page: root.join("docs").join(format!("{name}.md")),
            folder,
            variables: Vec::new(),
            done: 0,
        }
    }

    fn follow(mut self) {
        let page = std::fs::read_to_string(&self.page).expect("the page is there");
        let update = std::env::var_os("ROLECALL_UPDATE_FIXTURES").is_some();
        let mut written = String::new();
        let mut rest = page.as_str();
        while let Some((before, block)) = rest.split_once("\n```") {
            let (info, block) = block.split_once('\n').expect("a block has lines");
            let (content, behind) = block.split_once("```").expect("a block ends");
            write!(written, "{before}\n```{info}\n").expect("a String");
            match info.split_once(' ').unwrap_or((info, "")) {
                ("console", how) => {
                    let shown = self.console(content, how == "fails", update);
                    written.push_str(&shown);
                }
                (_, target) => {
                    self.file(target, content);
                    written.push_str(content);
                }
            }
            written.push_str("```");
            rest = behind;
        }
        written.push_str(rest);
        assert!(self.done >= 8, "only {} steps were found", self.done);
        if update && written != page {
            std::fs::write(&self.page, written).expect("the repository can be written");
        }
    }

    fn file(&mut self, target: &str, content: &str) {
        let (name, before) = if let Some(name) = target.strip_prefix("file=") {
            (name, String::new())
        } else if let Some(name) = target.strip_prefix("append=") {
            let path = self.folder.path().join(name);
            let before = std::fs::read_to_string(path);
            (
                name,
                before.unwrap_or_else(|_| panic!("`{name}` was not written before")),
            )
        } else {
            assert_eq!(
                target, "",
                "a block is a file, a part of one, or only shown"
            );
            return;
        };
        self.done += 1;
        let path = self.folder.path().join(name);
        std::fs::write(path, before + content).expect("the folder can be written");
    }

    /// Runs the commands of a block and compares what they print; returns the block as it should be.
    fn console(&mut self, block: &str, fails: bool, update: bool) -> String {
        let mut shown = String::new();
        for step in steps(block) {
            self.done += 1;
            if let Some(set) = step.command.strip_prefix("export ") {
                let set = set.split(' ').filter_map(|set| set.split_once('='));
                let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
                self.variables.extend(set);
                shown.push_str(&step.written);
                continue;
            }
            let ran = Command::new("bash")
                .args(["-c", &format!("exec 2>&1\n{}", step.command)])
                .current_dir(self.folder.path())
                .env_clear()
                .env("PATH", path())
                .env("HOME", self.folder.path())
                .env("LANG", "C.UTF-8")
                .envs(self.variables.iter().map(|(name, value)| (name, value)))
                .output()
                .expect("bash runs");
            let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
            let printed = tidy(&printed, self.folder.path());
            assert_eq!(
                !ran.status.success(),
                fails,
                "`{}` in {}: {printed}",
                step.command,
                self.page.display()
            );
            let shortened = step.expected.lines().any(|line| line.trim() == "…");
            let expected = match update && !shortened {
                true => printed.clone(),
                false => step.expected.clone(),
            };
            assert!(
                pattern(&expected).is_match(&printed),
                "`{}` in {} prints:\n{printed}\nbut the page says:\n{expected}",
                step.command,
                self.page.display()
            );
            shown.push_str(&step.written);
            shown.push_str(&expected);
        }
        shown
    }
}

/// A command of a page, and what it shall print.
struct Step {
    /// The lines of the command as the page has them.
    written: String,
    command: String,
    expected: String,
}

fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for line in block.lines() {
        let start = line.strip_prefix("$ ");
        if let Some(command) = start.filter(|_| !goes_on) {
            steps.push(Step {
                written: format!("{line}\n"),
                command: command.to_owned(),
                expected: String::new(),
            });
        } else {
            let step = steps.last_mut().expect("a block begins with a command");
            match goes_on {
                true => {
                    writeln!(step.written, "{line}").expect("a String");
                    write!(step.command, "\n{line}").expect("a String");
                }
                false => writeln!(step.expected, "{line}").expect("a String"),
            }
        }
        let in_command = start.is_some() || goes_on;
        goes_on = in_command && line.ends_with('\\');
    }
    steps
}

/// What was printed, as a page can have it: no line ends in blanks, and nothing depends on where it ran.
fn tidy(printed: &str, folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    let lines = printed.lines().map(str::trim_end);
    let lines: Vec<String> = lines
        .map(|line| line.replace(&*folder, "/home/you"))
        .collect();
    let text = lines.join("\n");
    // The id of a sync is another one each time.
    let id = Regex::new("\\b[0-9A-Za-z]{27}\\b").expect("the pattern is well-formed");
    let text = id.replace_all(text.trim_end(), "…");
    match text.is_empty() {
        true => String::new(),
        false => format!("{text}\n"),
    }
}

/// What a page says a command prints, with `…` for anything.
fn pattern(expected: &str) -> Regex {
    let mut pattern = String::from("(?s)^");
    for line in expected.lines() {
        match line.trim() {
            "…" => pattern.push_str("(.*\n)?"),
            _ => {
                let pieces: Vec<String> = line.split('…').map(regex::escape).collect();
                pattern.push_str(&pieces.join("[^\n]*"));
                pattern.push('\n');
            }
        }
    }
    pattern.push('$');
    Regex::new(&pattern).expect("the pattern is well-formed")
}

/// Where programs are found: ours first.
fn path() -> std::ffi::OsString {
    let ours = Path::new(env!("CARGO_BIN_EXE_rolecall"));
    let ours = ours.parent().expect("a program is in a folder").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(ours).chain(std::env::split_paths(&others));
    std::env::join_paths(folders).expect("folders of a path")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder is there") {
        let path = entry.expect("a readable folder").path();
        let to = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(std::fs::copy(&path, &to).expect("the file can be copied")),
        }
    }
}
