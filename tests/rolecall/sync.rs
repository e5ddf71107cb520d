//! The lifecycle: what a sync stores, and what becomes of one that is stopped anywhere.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rolecall::c1z::{self, Begin, Compression, Opened, WorkFile};
use rolecall::model::{Resource, ResourceId, ResourceTypeId, SyncKind, SyncRun};
use rolecall::source::Meter;
use rolecall::sync::{
    self, Committed, Concurrency, Counts, Options, PageFacts, Report, RowPosition, RunRecord,
    Scope, Settled, SinkError, SyncError, SyncSink, Verdict,
};
use tokio_util::sync::CancellationToken;

use crate::company::{Company, GRANTS_BY_PAIRS, GRANTS_BY_SKIP_IF, GRANTS_IN_BULK, facts};

/// A work file whose process dies in the middle of its `dies_at`th commit, or right after it: from
/// outside both look the same, except that in the second case the commit is durable.
pub struct Dying {
    pub work: WorkFile,
    pub commits: usize,
    pub dies_at: usize,
    pub durable: bool,
}

impl SyncSink for Dying {
    fn run(&self) -> &SyncRun {
        self.work.run()
    }

    fn checkpoint(&self) -> Result<Option<String>, SinkError> {
        self.work.checkpoint()
    }

    fn commit(&mut self, page: &PageFacts, checkpoint: &str) -> Result<Committed, SinkError> {
        self.commits += 1;
        if self.commits < self.dies_at {
            return self.work.commit(page, checkpoint);
        }
        if self.commits == self.dies_at && self.durable {
            self.work.commit(page, checkpoint)?;
        }
        Err(SinkError("the process died here".into()))
    }

    fn resources_after(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
        limit: usize,
    ) -> Result<Vec<(RowPosition, Resource)>, SinkError> {
        self.work.resources_after(resource_type, after, limit)
    }

    fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, SinkError> {
        self.work.resource(id)
    }

    fn count_resources(&self, resource_type: &ResourceTypeId) -> Result<u64, SinkError> {
        self.work.count_resources(resource_type)
    }

    fn newest_grant(&self) -> Result<RowPosition, SinkError> {
        self.work.newest_grant()
    }

    fn note_again(&mut self, since: RowPosition) -> Result<(), SinkError> {
        self.work.note_again(since)
    }

    fn settle(&mut self) -> Result<Settled, SinkError> {
        self.work.settle()
    }

    fn seal(&mut self, ended_at: DateTime<Utc>, record: &RunRecord) -> Result<(), SinkError> {
        self.work.seal(ended_at, record)
    }
}

fn open(company: &Company, output: &Path) -> (WorkFile, Opened) {
    let fingerprint = sync::fingerprint(&company.plan(), &Scope::default());
    let begin = Begin {
        kind: SyncKind::Full,
        fingerprint: &fingerprint,
        now: Utc::now(),
        fresh: false,
    };
    WorkFile::open(output, &begin).expect("the work file opens")
}

pub fn options(concurrency: usize) -> Options {
    Options {
        scope: Scope::default(),
        concurrency: Concurrency::of(concurrency),
        meter: Meter::new(),
        cancel: CancellationToken::new(),
        watcher: None,
    }
}

async fn run_to_the_end(company: &Company, output: &Path, concurrency: usize) -> Report {
    let (work, _) = open(company, output);
    let plan = Arc::new(company.plan());
    let (report, work) = sync::run(plan, work, options(concurrency), &|_| {})
        .await
        .expect("the sync succeeds");
    c1z::pack(work, output, Compression::Zstd).expect("the run is packed");
    report
}

/// Runs until the process "dies"; true when it came to its end before.
async fn run_until(
    company: &Company,
    output: &Path,
    dies_at: usize,
    durable: bool,
    concurrency: usize,
) -> bool {
    let (work, _) = open(company, output);
    let sink = Dying {
        work,
        commits: 0,
        dies_at,
        durable,
    };
    let plan = Arc::new(company.plan());
    match sync::run(plan, sink, options(concurrency), &|_| {}).await {
        Ok((_, sink)) => {
            c1z::pack(sink.work, output, Compression::Zstd).expect("the run is packed");
            true
        }
        Err(SyncError::Sink(_)) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_dies_at_any_commit_goes_on_to_the_same_facts() {
    let company = Company::new(43, 11);
    let whole = company.path("whole.c1z");
    let undisturbed = run_to_the_end(&company, &whole, 4).await;
    assert_eq!(undisturbed.verdict, Verdict::Complete);
    let expected = facts(&whole);
    for durable in [false, true] {
        for dies_at in 1.. {
            let output = company.path(&format!("dies-{durable}-{dies_at}.c1z"));
            let ended = run_until(&company, &output, dies_at, durable, 1 + dies_at % 4).await;
            assert!(!output.exists() || ended, "a run that died left an output");
            if ended {
                assert!(dies_at > 10, "the test never reached the later steps");
                break;
            }
            let report = run_to_the_end(&company, &output, 3).await;
            let what = format!("died at commit {dies_at}, durable: {durable}");
            assert_eq!(facts(&output), expected, "{what}");
            assert_eq!(
                report.verdict,
                Verdict::Complete,
                "{what}: {:?}",
                report.findings
            );
            assert_eq!(
                report.findings.iter().count(),
                0,
                "{what}: {:?}",
                report.findings
            );
            assert_eq!(report.resumed, durable || dies_at > 1, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_grants_are_listed_they_are_the_same() {
    let expected = Company::new(43, 11);
    let output = expected.path("out.c1z");
    run_to_the_end(&expected, &output, 3).await;
    let expected = facts(&output);
    for grants in [GRANTS_BY_SKIP_IF, GRANTS_BY_PAIRS, GRANTS_IN_BULK] {
        let company = Company::new(43, 11).listing_grants(grants);
        let output = company.path("out.c1z");
        let report = run_to_the_end(&company, &output, 3).await;
        assert_eq!(facts(&output), expected, "{grants}");
        assert_eq!(report.findings.iter().count(), 0, "{:?}", report.findings);
        // One answer each for the users, the teams and the grants, not one per team.
        assert!(report.pages < 30, "{} pages", report.pages);
    }
}

/// Answers without pages come in chunks. A run that dies between two of them begins the answer
/// again, loses nothing, and does not take its own rows for duplicates.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_cut_in_the_middle_is_asked_for_again() {
    let company = Company::new(4_500, 40).listing_grants(GRANTS_IN_BULK);
    let whole = company.path("whole.c1z");
    let undisturbed = run_to_the_end(&company, &whole, 2).await;
    assert!(undisturbed.pages > 8, "the answers came in one piece");
    let expected = facts(&whole);
    for dies_at in 1.. {
        let output = company.path(&format!("dies-{dies_at}.c1z"));
        if run_until(&company, &output, dies_at, dies_at % 2 == 0, 2).await {
            assert!(dies_at > 6, "the test never reached the later steps");
            break;
        }
        let report = run_to_the_end(&company, &output, 2).await;
        assert_eq!(facts(&output), expected, "died at commit {dies_at}");
        assert_eq!(
            report.findings.iter().count(),
            0,
            "died at commit {dies_at}: {:?}",
            report.findings
        );
    }
}

/// Grants that are listed twice, by one entry and by two, and rows of no resource: a run that dies
/// anywhere finds what an undisturbed one finds, and counts nothing twice for having begun again.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_dies_at_any_commit_goes_on_to_the_same_findings() {
    let twice = format!("{GRANTS_IN_BULK}{GRANTS_BY_PAIRS}");
    for (grants, users) in [
        (GRANTS_BY_PAIRS, 43),
        (twice.as_str(), 43),
        (GRANTS_IN_BULK, 2_000),
    ] {
        let company = Company::new(users, 11).listing_grants(grants);
        company.execute(
            "CREATE TABLE listed AS SELECT * FROM (SELECT 99 AS team_id, 1 AS user_id)
                 UNION ALL SELECT * FROM (SELECT * FROM members WHERE user_id % 3 = 0 ORDER BY 2)
                 UNION ALL SELECT * FROM members UNION ALL SELECT 98, 2;
             DROP TABLE members; ALTER TABLE listed RENAME TO members;",
        );
        let whole = company.path("whole.c1z");
        let undisturbed = run_to_the_end(&company, &whole, 1).await;
        let codes: Vec<_> = undisturbed.findings.iter().map(|(code, _)| code).collect();
        assert!(codes.contains(&"duplicate-id"), "{codes:?}");
        let expected = facts(&whole);
        for dies_at in (1..).step_by(3) {
            let output = company.path(&format!("dies-{dies_at}.c1z"));
            if run_until(&company, &output, dies_at, true, 1).await {
                assert!(dies_at > 6, "the test never reached the later steps");
                break;
            }
            let report = run_to_the_end(&company, &output, 1).await;
            let what = format!("died at commit {dies_at} of {grants}");
            assert_eq!(facts(&output), expected, "{what}");
            assert_eq!(report.findings, undisturbed.findings, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_no_resource_are_counted() {
    let company = Company::new(5, 2).listing_grants(GRANTS_IN_BULK);
    company.execute("INSERT INTO members VALUES (99, 1), (NULL, 2)");
    let report = run_to_the_end(&company, &company.path("out.c1z"), 2).await;
    let (_, unknown) = report
        .findings
        .iter()
        .find(|(code, _)| *code == "unknown-resource")
        .expect("counted");
    assert_eq!(unknown.count, 2);
    assert!(
        unknown
            .examples
            .iter()
            .any(|example| example.contains("`team:99`")),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_dies_again_and_again_still_ends() {
    let company = Company::new(43, 11);
    let whole = company.path("whole.c1z");
    let undisturbed = run_to_the_end(&company, &whole, 1).await;
    let output = company.path("again.c1z");
    let mut lives = 1;
    // Two commits a life: each life must bring the run forward, and ask for little again.
    while !run_until(&company, &output, 2, true, 2).await {
        lives += 1;
        assert!(lives < 200, "the run does not come forward");
    }
    assert!(lives > 5, "the run was over too soon to prove anything");
    assert_eq!(facts(&output), facts(&whole));
    assert!(undisturbed.pages > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_many_listings_run_side_by_side_changes_nothing() {
    let company = Company::new(61, 23);
    let one = company.path("one.c1z");
    let report = run_to_the_end(&company, &one, 1).await;
    assert_eq!(
        (report.counts.resources, report.counts.entitlements),
        (84, 23)
    );
    for concurrency in [2, 7, 64] {
        let many = company.path(&format!("{concurrency}.c1z"));
        run_to_the_end(&company, &many, concurrency).await;
        assert_eq!(facts(&many), facts(&one), "{concurrency} side by side");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_connector_begins_anew() {
    let company = Company::new(10, 3);
    let output = company.path("out.c1z");
    assert!(!run_until(&company, &output, 3, true, 1).await);
    let connector = company.path("company.yaml");
    let text = std::fs::read_to_string(&connector).expect("it was written");
    std::fs::write(&connector, text.replace("name: Team", "name: Group"))
        .expect("the folder is ours");
    let (mut work, opened) = open(&company, &output);
    assert_eq!(opened, Opened::ConfigChanged);
    assert_eq!(work.settle().expect("readable").counts, Counts::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_points_at_nothing_is_counted_and_kept() {
    let company = Company::new(5, 1);
    company.execute("INSERT INTO members VALUES (1, 990), (1, 991)");
    let output = company.path("out.c1z");
    let report = run_to_the_end(&company, &output, 2).await;
    let missing = report
        .findings
        .iter()
        .find(|(code, _)| *code == "missing-principal")
        .expect("it is counted");
    assert_eq!(missing.1.count, 2);
    assert!(
        missing
            .1
            .examples
            .iter()
            .any(|example| example.contains("user:990")),
        "{missing:?}"
    );
    assert_eq!(
        report.verdict,
        Verdict::Complete,
        "nothing is missing because of it"
    );
    assert!(
        facts(&output).iter().any(|fact| fact.contains("990")),
        "the grants are kept"
    );
}

fn sync_process(company: &Company, output: &str) -> Child {
    crate::program()
        .args(["sync", "company.yaml", "-f", output, "--concurrency", "2"])
        .current_dir(company.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Real processes, killed with SIGKILL at moments spread over a run.
#[test]
fn a_process_that_is_killed_goes_on_to_the_same_facts() {
    let company = Company::new(2_000, 150);
    let whole = sync_process(&company, "whole.c1z")
        .wait_with_output()
        .expect("it ends");
    assert!(
        whole.status.success(),
        "{}",
        String::from_utf8_lossy(&whole.stderr)
    );
    let expected = facts(&company.path("whole.c1z"));
    let mut kills = 0;
    for pause in [30, 60, 120, 250, 400] {
        let mut child = sync_process(&company, "killed.c1z");
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().expect("it can be killed");
        let status = child.wait().expect("it ends");
        kills += usize::from(!status.success());
    }
    assert!(kills > 0, "every run was over before it was killed");
    let last = sync_process(&company, "killed.c1z")
        .wait_with_output()
        .expect("it ends");
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    assert_eq!(facts(&company.path("killed.c1z")), expected);
    assert!(
        !company.path("killed.c1z.work").exists(),
        "the work file is gone"
    );
}

/// SIGTERM: the pages under way are stored, the exit code is 1, and the message says how to go on.
#[test]
fn a_process_that_is_asked_to_stop_says_how_to_go_on() {
    let company = Company::new(20_000, 400);
    let mut child = sync_process(&company, "out.c1z");
    let work = company.path("out.c1z.work");
    while !work.exists() {
        assert!(
            child.try_wait().expect("it can be asked").is_none(),
            "it was over before it began"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    let signal = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(signal.expect("kill is there").success());
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("run the same command to go on"), "{said}");
    assert!(!company.path("out.c1z").exists() && work.exists());
    let again = sync_process(&company, "out.c1z")
        .wait_with_output()
        .expect("it ends");
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        again.status.success() && said.contains("going on with the run"),
        "{said}"
    );
}

#[test]
fn a_failed_run_leaves_the_last_output_alone() {
    let company = Company::new(30, 4);
    let first = sync_process(&company, "out.c1z")
        .wait_with_output()
        .expect("it ends");
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    let before = std::fs::read(company.path("out.c1z")).expect("it was written");
    company.execute("DROP TABLE members");
    let second = sync_process(&company, "out.c1z")
        .wait_with_output()
        .expect("it ends");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Company")
            && said.contains("grants of type `team`")
            && said.contains("members"),
        "{said}"
    );
    assert_eq!(
        std::fs::read(company.path("out.c1z")).expect("it is still there"),
        before
    );
}
