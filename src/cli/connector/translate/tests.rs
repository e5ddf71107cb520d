use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use super::super::layers::{self, Told};
use super::super::refusal::Refusal;
use super::super::relations;
use super::super::sub_command::SubCommand;
use super::*;

const SETTINGS: &str = "settings.yaml";

/// What a command line comes to, with these variables and this file of settings.
fn asked(line: &[&str], variables: &[(&str, &str)], settings: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(text) = settings {
        std::fs::write(folder.path().join(".baton.yaml"), text).expect("the folder is ours");
    }
    in_folder(line, variables, folder.path(), false)
}

fn in_folder(line: &[&str], variables: &[(&str, &str)], folder: &Path, terminal: bool) -> String {
    let variables = variables.iter().map(|(name, value)| (*name, *value));
    let environment: HashMap<String, String> = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let line: Vec<OsString> = line.iter().map(OsString::from).collect();
    let around = Surroundings {
        environment: &environment,
        terminal,
    };
    let done = layers::read("baton-sql", &line, &environment, folder).and_then(|read| {
        let sub = read.sub_command.as_ref();
        relations::check(&read.given, matches!(sub, Some(SubCommand::HealthCheck(_))))?;
        let translated = translate(&read.flags, &read.given, sub, &around)?;
        Ok((translated, read.notes))
    });
    match done {
        Ok((translated, notes)) => {
            let mut text = translated.arguments.join(" ");
            for note in notes.iter().chain(&translated.notes) {
                text.push_str(&format!("\n  note: {note}"));
            }
            text
        }
        Err(Told::Help(text)) => format!("help: {}", text.lines().next().unwrap_or_default()),
        Err(Told::Refused(Refusal { code, message })) => {
            let message = message.replace(&*folder.to_string_lossy(), "FOLDER");
            format!("refused with {}: {message}", code as i32)
        }
    }
}

/// What lines come to that all name the connector file, without what is said of logs.
fn with_connector(lines: &[&str]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("--config-path hr.yaml {line}"))
        .collect();
    let shown = lines.iter().map(|line| {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let came = asked(&words, &[], None);
        let came = came.replace("--log-level=info --log-format=flat ", "");
        let line = line.trim_start_matches("--config-path hr.yaml ");
        format!("{line}\n  {came}")
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn syncs() {
    insta::assert_snapshot!(with_connector(&[
        "",
        "-f out.c1z --sync-resource-types user,team --skip-entitlements-and-grants",
        r"--sync-resources bid:r:team/a\/b,bid:r:org/1/team/2 --skip-grants",
        "--sync-resources team/1",
        "--skip-grants",
        "--workers -1",
        "--workers 0 --parallel-sync",
        "--workers 8 --parallel-sync",
        "--workers 1000",
        "--workers -2",
        "--external-resource-c1z ad.c1z --external-resource-traits TRAIT_USER,app --external-resource-entitlement-id-filter x",
        "--external-resource-traits user",
        "--storage-engine sqlite",
        "--storage-engine pebble",
        "--storage-engine files",
        "--keep-previous-sync-c1z --auth-method token --session-store-maximum-size 1 --ticketing",
        "--otel-collector-endpoint https://otel.acme.test:4318",
        "--otel-collector-endpoint otel.acme.test:4318 --otel-collector-endpoint-tls-insecure",
        "--otel-collector-endpoint otel.acme.test:4317",
        "--otel-collector-endpoint otel.acme.test:4318 --otel-tracing-disabled",
        "--http-timeout-seconds 0",
        "--http-timeout-seconds 1801",
        "--validate-config-only",
        "--c1z-temp-dir /no/such/folder",
        "-p --provisioning=false --provisioning=T",
        "--provisioning=yes",
        "--file a.c1z --file b.c1z",
        "--list-resource-actions",
        "--no-such-flag",
        "stray",
        "--version",
        "-v",
        "--help",
        "capabilities",
        "capabilities --file x.c1z",
    ]));
}

#[test]
fn changes() {
    insta::assert_snapshot!(with_connector(&[
        "--grant-entitlement team:1:member --grant-principal 7 --grant-principal-type user",
        "--grant-entitlement team:1:member --grant-principal 7",
        "--grant-principal 7",
        "--revoke-grant team:1:member:user:7 -p",
        "--revoke-grant g --delete-resource 7 --delete-resource-type user",
        "--create-account-email ada@acme.test",
        r#"--create-account-profile {"login":"ada","team":1} --create-account-login other --credential-file out"#,
        "--create-account-profile nonsense",
        "--create-account-login ada --create-account-resource-type user",
        "--delete-resource -7 --delete-resource-type user",
        "--delete-resource=0 --delete-resource-type user",
        "--delete-resource 7",
        "--rotate-credentials 7 --rotate-credentials-type user --credential-recipient age1x --credential-recipient age1y",
        "--event-feed",
        "--event-feed true --event-feed-cursor abc --event-feed-start-at 2026-01-01T00:00:00Z",
        "--event-feed --event-feed-start-at 2026-01-01T00:00:00Z",
        "--event-feed --event-feed-id other",
        "--event-feed false",
        r#"--invoke-action lock --invoke-action-args {"id":"7"}"#,
        "--invoke-action lock --invoke-action-args [1]",
        "--invoke-action lock --invoke-action-resource-type user",
        "--list-action-schemas",
        "--list-action-schemas --list-action-schemas-resource-type user",
        "--invoke-resource-action lock --invoke-resource-action-resource-type user",
        "--create-ticket --ticket-template-path t.json",
        "--create-ticket",
        "--bulk-create-ticket --bulk-ticket-template-path t.json",
        "--get-ticket --ticket-id 1",
        "--list-ticket-schemas",
        "--diff-syncs --base-sync-id a --applied-sync-id b",
        "--diff-syncs --base-sync-id a",
        "--compact-syncs --compact-sync-ids a,b --compact-file-paths one.c1z,two.c1z --compact-output-path out",
        "--compact-syncs --compact-sync-ids a --compact-file-paths one.c1z,two.c1z --compact-output-path out",
        "--compact-syncs --diff-syncs --event-feed",
    ]));
}

#[test]
fn services() {
    insta::assert_snapshot!(with_connector(&[
        "--client-id sly-fox-1@acme.test/x --client-secret s3cret",
        "--client-id sly-fox-1@acme.test/x",
        "--client-id sly-fox-1@acme.test/x --client-secert=s3cret",
        "--client-secret s3cret",
        "--client-id a@b/c --client-secret s -p --skip-full-sync --task-concurrency 7 --sync-resource-types user,team --workers 4 --partial-syncs upload",
        "--client-id a@b/c --client-secret s --task-concurrency 0",
        "--client-id a@b/c --client-secret s --health-check",
        "--client-id a@b/c --client-secret s --health-check --health-check-bind-address ::1 --health-check-port 80",
        "--client-id a@b/c --client-secret s --health-check --health-check-bind-address localhost",
        "--client-id a@b/c --client-secret s --health-check-port 80",
        "--client-id a@b/c --client-secret s --c1z-temp-dir /",
        "--client-id a@b/c --client-secret s --revoke-grant g --sync-resources bid:r:a/b --storage-engine pebble --otel-collector-endpoint x",
    ]));
}

/// Without a connector file, some things are done and others are not.
#[test]
fn the_connector_file_is_asked_for_where_it_is_needed() {
    let lines: [&[&str]; 5] = [
        &[],
        &["--list-ticket-schemas"],
        &[
            "--diff-syncs",
            "--base-sync-id",
            "a",
            "--applied-sync-id",
            "b",
        ],
        &["capabilities"],
        &["--client-id", "a@b/c", "--client-secret", "s"],
    ];
    let shown = lines.map(|line| format!("{line:?}\n  {}", asked(line, &[], None)));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let connector = ("BATON_FILE", "environment.c1z");
    let file = Some(
        "config-path: file.yaml\nfile: file.c1z\nsync-resources: ['bid:r:user/1', 'bid:r:user/a,b']\n",
    );
    type Line<'l> = (&'l [&'l str], &'l [(&'l str, &'l str)], Option<&'l str>);
    let lines: [Line; 15] = [
        (&[], &[], file),
        (&[], &[connector], file),
        (&["-f", "line.c1z"], &[connector], file),
        (&["--config-path", "line.yaml"], &[], file),
        // An empty variable is none.
        (&[], &[("BATON_FILE", "")], file),
        (
            &[],
            &[("BATON_SYNC_RESOURCES", "bid:r:x/1,bid:r:y/1")],
            file,
        ),
        (
            &[
                "--sync-resources",
                "bid:r:x/1",
                "--sync-resources",
                "bid:r:y/1,\"bid:r:z/1,1\"",
            ],
            &[],
            file,
        ),
        // What is false there may be true here, and the other way round.
        (
            &["--skip-entitlements-and-grants=false"],
            &[("BATON_SKIP_ENTITLEMENTS_AND_GRANTS", "1")],
            file,
        ),
        (&[], &[("BATON_PROVISIONING", "yes")], file),
        // Relations count wherever a flag is given, and say where that was.
        (
            &["--revoke-grant", "g"],
            &[("BATON_EVENT_FEED", "true")],
            file,
        ),
        (
            &["--revoke-grant", "g"],
            &[],
            Some("config-path: x.yaml\nlist-ticket-schemas: true\n"),
        ),
        (&[], &[], Some("workers: many\nconfig-path: x.yaml\n")),
        (&[], &[], Some("fiel: out.c1z\nconfig-path: x.yaml\n")),
        (&[], &[], Some("file: {a: b}\n")),
        (&[], &[], Some("client-secret: s3cret\n  oops: [\n")),
    ];
    let shown = lines.map(|(line, variables, file)| {
        let came = asked(line, variables, file);
        let came = came.replace("--log-level=info --log-format=flat ", "");
        format!("{line:?} {variables:?} {file:?}\n  {came}")
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn variables_without_a_flag() {
    let cases: [&[(&str, &str)]; 7] = [
        &[("BATON_KEEP_SYNC_COUNT", "3")],
        &[("BATON_KEEP_SYNC_COUNT", "none")],
        &[("BATON_SKIP_CLEANUP", "true")],
        &[("BATON_TMPDIR", "/")],
        &[("BATON_TMPDIR", "/no/such/folder")],
        &[
            ("BATON_CLIENT_ID", "a@b/c"),
            ("BATON_CLIENT_SECRET", "s"),
            ("BATON_C1_API_HOST", "localhost:7443"),
            ("BATON_HOST_ID", "here"),
            ("BATON_GET_TASKS", "true"),
        ],
        &[("BATON_CLIENT_ID", "a@b/c")],
    ];
    let shown = cases.map(|variables| {
        let came = asked(&["--config-path", "hr.yaml"], variables, None);
        let came = came.replace("--log-level=info --log-format=flat ", "");
        format!("{variables:?}\n  {came}")
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines: [(&[&str], bool); 7] = [
        (&[], true),
        (&[], false),
        (&["--log-format", "console"], false),
        (&["--log-format", "json", "--log-level", "DEBUG"], true),
        (&["--log-level", "chatty"], true),
        (
            &["--log-level", "fatal", "--log-path", "a.log,stdout"],
            true,
        ),
        (&["--log-format", "xml"], true),
    ];
    let shown = lines.map(|(line, terminal)| {
        let line = [&["--config-path", "hr.yaml"], line].concat();
        let came = in_folder(&line, &[], folder.path(), terminal);
        format!("{line:?} {terminal}\n  {came}")
    });
    insta::assert_snapshot!(shown.join("\n"));
}

/// The variable names the file of settings, the connector, or one file that is both.
#[test]
fn the_variable_of_the_file_means_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder is ours");
    };
    let connector = "app_name: Acme\nconnect: {dsn: 'sqlite:x.db'}\nresource_types: {}\n";
    write("connector.yaml", connector);
    write(
        "both.yaml",
        &format!("{connector}file: both.c1z\nhttp: {{}}\n"),
    );
    write("broken.yaml", "connect: {dsn: [\nresource_types: {}\n");
    write(SETTINGS, "config-path: named.yaml\nfile: settings.c1z\n");
    write("settings.txt", "file: settings.c1z\n");
    write("list.yaml", "- a\n");
    write("broken-settings.yaml", "file: [\n");
    write("empty.yaml", "");
    // What is usual is not read where something else is named.
    write(".baton.yaml", "file: usual.c1z\nconfig-path: usual.yaml\n");
    let lines: [(&[&str], &str); 10] = [
        (&[], "connector.yaml"),
        (&[], "both.yaml"),
        (&[], "broken.yaml"),
        (&[], SETTINGS),
        (&["--config-path", "line.yaml"], SETTINGS),
        (&["--config-path", "line.yaml"], "connector.yaml"),
        (&[], "settings.txt"),
        (&[], "list.yaml"),
        (&[], "broken-settings.yaml"),
        (&[], "absent.yaml"),
    ];
    let shown = lines.map(|(line, named)| {
        let came = in_folder(line, &[("BATON_CONFIG_PATH", named)], folder.path(), false);
        let came = came.replace("--log-level=info --log-format=flat ", "");
        format!("{line:?} {named}\n  {came}")
    });
    let usual = in_folder(&[], &[], folder.path(), false);
    let empty = [("BATON_CONFIG_PATH", "empty.yaml"), ("BATON_FILE", "")];
    let empty = in_folder(&[], &empty, folder.path(), false);
    insta::assert_snapshot!(format!(
        "{}\nusual\n  {usual}\nempty\n  {empty}",
        shown.join("\n")
    ));
}

/// Every flag is there, in the environment and in the help, and none of its own: what is usual is
/// shown, not what is set here.
#[test]
fn help_names_every_flag_that_is_not_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = HashMap::from([("BATON_CLIENT_SECRET".to_owned(), "s3cret".to_owned())]);
    let told = layers::read("baton-sql", &["--help".into()], &environment, folder.path());
    let Err(Told::Help(text)) = told else {
        panic!("no help");
    };
    assert!(!text.contains("s3cret"), "{text}");
    insta::assert_snapshot!(text);
}
