//! Deadlocks, and connections that are lost before, during and after the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rolecall::plan::Plan;
use rolecall::provision::{Outcome, RunOptions, StepState, Verdict, grant, revoke};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::values::plan;
use super::way::{Way, read};
use crate::provision::{Interrupted, holding, plan_in, run};
use crate::sql::harness::{Database, System, Through};

async fn granted(plan: &Plan, local: &str, member: &str) -> Outcome {
    let who = holding(local, ("team", "red"), ("user", member));
    run(&grant(plan, who).expect("it is offered")).await.outcome
}

/// A type whose `member` is granted by these queries, and whose grants can be listed.
fn connector(more: &str, queries: &[&str]) -> String {
    let queries: String = queries
        .iter()
        .map(|query| format!("              - {query}\n"))
        .collect();
    format!(
        "app_name: Acme
resource_types:
  user:
    name: User
    list: {{query: SELECT 'ada' AS id, map: {{id: .id, display_name: .id, traits: {{user: {{}}}}}}}}
  team:
    name: Team
    list: {{query: SELECT 'red' AS id, map: {{id: .id, display_name: .id}}}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {{team: resource.ID, member: principal.ID}}
          grant:
            queries:
{queries}{more}
          read_back: {{every: 10ms, at_most: 100ms}}
    grants:
      - query: SELECT member FROM members
        map: [{{principal_id: .member, principal_type: user, entitlement_id: member}}]
"
    )
}

#[tokio::test]
async fn two_changes_that_wait_for_each_other_are_both_made() {
    for way in Way::all() {
        let sleep = match way.system {
            System::Sqlite => continue,
            System::Postgres => "SELECT pg_sleep(0.7)",
            System::Mysql => "SELECT SLEEP(0.7)",
        };
        let seed = "CREATE TABLE rooms (id VARCHAR(20) PRIMARY KEY, people INT);
            INSERT INTO rooms VALUES ('red', 0), ('blue', 0);";
        let Some(database) = way.create(seed).await else {
            continue;
        };
        let enter = |room: &str| {
            format!("UPDATE rooms SET people = people + 1 WHERE id = {room} AND ?<member> <> ''")
        };
        let text = connector(
            "",
            &[
                &enter("?<team>"),
                sleep,
                &enter("CASE ?<team> WHEN 'red' THEN 'blue' ELSE 'red' END"),
            ],
        );
        // The listing of grants is never asked.
        let plan = plan(&database, &text);
        let enters = async |team: &str| {
            let who = holding("member", ("team", team), ("user", "ada"));
            run(&grant(&plan, who).expect("it is offered"))
                .await
                .outcome
        };
        let (one, other) = tokio::join!(enters("red"), enters("blue"));
        for outcome in [&one, &other] {
            assert_eq!(
                outcome.verdict,
                Verdict::Made,
                "{}: {outcome:?}",
                way.name()
            );
        }
        let people = read(
            &database,
            "SELECT CONCAT(id, ' ', people) FROM rooms ORDER BY 1",
        )
        .await;
        assert_eq!(people, ["blue 2", "red 2"], "{}", way.name());
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_before_the_commit_leaves_nothing_behind() {
    for way in Way::all() {
        // What a sequence counts is not undone with a transaction.
        let (seed, strike) = match way.system {
            System::Sqlite => continue,
            System::Postgres => (
                "CREATE TABLE members (member TEXT); CREATE SEQUENCE tries;",
                "SELECT pg_terminate_backend(pg_backend_pid()) AS struck FROM (SELECT nextval('tries') AS n) AS t WHERE n <= CAST(?<member> AS int)",
            ),
            System::Mysql => (
                "CREATE TABLE members (member TEXT); CREATE SEQUENCE tries;
                 CREATE PROCEDURE strike(most INT) BEGIN IF NEXTVAL(tries) <= most THEN KILL CONNECTION_ID(); END IF; END;",
                "CALL strike(?<member>)",
            ),
        };
        let Some(database) = way.create(seed).await else {
            continue;
        };
        let text = connector("", &["INSERT INTO members VALUES (?<member>)", strike]);
        let plan = plan(&database, &text);
        let outcome = granted(&plan, "member", "2").await;
        assert_eq!(
            outcome.verdict,
            Verdict::Made,
            "{}: {outcome:?}",
            way.name()
        );
        assert_eq!(
            read(&database, "SELECT member FROM members").await,
            ["2"],
            "{}",
            way.name()
        );
        let outcome = granted(&plan, "member", "99").await;
        assert_eq!(
            outcome.verdict,
            Verdict::Failed,
            "{}: {outcome:?}",
            way.name()
        );
        let states: Vec<_> = outcome.steps.iter().map(|step| step.state).collect();
        assert_eq!(
            states,
            [StepState::RolledBack, StepState::Failed, StepState::NotSent]
        );
        assert_eq!(
            read(&database, "SELECT member FROM members").await,
            ["2"],
            "{}",
            way.name()
        );

        // Without a transaction nothing is sent twice; only the system knows what became of it.
        let text = connector("            no_transaction: true", &[strike]);
        let alone = super::values::plan(&database, &text);
        let outcome = granted(&alone, "member", "100").await;
        assert_eq!(
            outcome.verdict,
            Verdict::Failed,
            "{}: {outcome:?}",
            way.name()
        );
        assert!(
            outcome.message.contains("does not show it"),
            "{}",
            outcome.message
        );
        assert_eq!(outcome.steps[0].state, StepState::Unknown, "{}", way.name());
    }
}

/// What a [`Cutter`] does when it sees an order to commit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// It hands it on, and keeps the answer to itself.
    TheAnswer,
    /// It does not hand it on.
    TheOrder,
}

/// Hands bytes on between clients and a server until the first order to commit.
async fn cutter(server: &url::Url, cut: Cut, commits: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let host = server.host_str().expect("a host").to_owned();
    let address = (host, server.port().expect("a port"));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(between(client, address.clone(), cut, commits.clone()));
        }
    });
    port
}

async fn between(
    mut client: TcpStream,
    server: (String, u16),
    cut: Cut,
    commits: Arc<AtomicUsize>,
) {
    let mut server = TcpStream::connect(server)
        .await
        .expect("the server answers");
    let (mut asked, mut answered) = (vec![0; 8192], vec![0; 8192]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(read @ 1..) = read else { return };
                let is_commit = asked[..read].windows(6).any(|word| word == b"COMMIT");
                let strikes = is_commit && commits.fetch_add(1, Ordering::SeqCst) == 0;
                if strikes && cut == Cut::TheOrder {
                    return;
                }
                if server.write_all(&asked[..read]).await.is_err() {
                    return;
                }
                if strikes {
                    // The answer shows that the order was obeyed.
                    let kept = server.read(&mut answered).await;
                    assert_ne!(kept.expect("the server answers"), 0);
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(read @ 1..) = read else { return };
                if client.write_all(&answered[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The plan of a connector that reaches the database through a port.
fn plan_through(database: &Database, port: u16, text: &str) -> Plan {
    let own = database.url.port().expect("a port").to_string();
    let plain = match database.system {
        System::Postgres => "?sslmode=disable'",
        _ => "?tls=false'",
    };
    let connect = database
        .connect()
        .replace(&format!(":{own}/"), &format!(":{port}/"));
    let connect = match database.through {
        Through::Odbc => connect,
        _ => connect.replace("'}", &format!("{plain}}}")),
    };
    let password = database.url.password().unwrap_or_default().to_owned();
    let file = database.folder.path().join("acme.yaml");
    plan_in(
        &file,
        &format!("{connect}{text}"),
        &[("PASSWORD", &password)],
    )
}

#[tokio::test]
async fn a_commit_without_an_answer_is_looked_up_and_never_sent_again() {
    for way in Way::all() {
        if way.system == System::Sqlite {
            continue;
        }
        let Some(database) = way
            .create("CREATE TABLE members (member VARCHAR(20));")
            .await
        else {
            continue;
        };
        for cut in [Cut::TheAnswer, Cut::TheOrder] {
            let commits = Arc::new(AtomicUsize::new(0));
            let port = cutter(&database.url, cut, commits.clone()).await;
            let text = connector("", &["INSERT INTO members VALUES (?<member>)"]);
            let blind = text.replace("SELECT member FROM members", "SELECT member FROM nowhere");
            let what = format!("{} {cut:?}", way.name());

            let seeing = plan_through(&database, port, &text);
            let outcome = granted(&seeing, "member", "ada").await;
            let kept = read(&database, "SELECT member FROM members").await;
            match cut {
                Cut::TheAnswer => {
                    assert_eq!(outcome.verdict, Verdict::Made, "{what}: {outcome:?}");
                    assert!(
                        outcome.message.starts_with("made: no clear answer came"),
                        "{}",
                        outcome.message
                    );
                    assert_eq!(kept, ["ada"], "{what}");
                }
                Cut::TheOrder => {
                    assert_eq!(outcome.verdict, Verdict::Failed, "{what}: {outcome:?}");
                    assert!(
                        outcome.message.contains("does not show it"),
                        "{}",
                        outcome.message
                    );
                    assert_eq!(kept, [""; 0], "{what}");
                }
            }
            let states: Vec<_> = outcome.steps.iter().map(|step| step.state).collect();
            assert_eq!(states, [StepState::Unknown; 2], "{what}");
            assert_eq!(commits.load(Ordering::SeqCst), 1, "{what}");

            // Where nobody can look, it stays open.
            commits.store(0, Ordering::SeqCst);
            let blind = plan_through(&database, port, &blind);
            let outcome = granted(&blind, "member", "bob").await;
            assert_eq!(outcome.verdict, Verdict::Unclear, "{what}: {outcome:?}");
            database.execute("DELETE FROM members").await;
        }
    }
}

#[tokio::test]
async fn a_commit_that_the_database_refuses_is_undone() {
    let seed = "CREATE TABLE users (id TEXT PRIMARY KEY);
        CREATE TABLE members (member TEXT REFERENCES users DEFERRABLE INITIALLY DEFERRED);";
    for way in Way::all() {
        if way.system == System::Mysql || way.name() == "odbc_sqlite" {
            continue;
        }
        let Some(database) = way.create(seed).await else {
            continue;
        };
        let text = connector("", &["INSERT INTO members VALUES (?<member>)"]);
        let plan = plan(&database, &text);
        let outcome = granted(&plan, "member", "nobody").await;
        assert_eq!(
            outcome.verdict,
            Verdict::Failed,
            "{}: {outcome:?}",
            way.name()
        );
        assert!(
            outcome.message.starts_with("the commit failed: "),
            "{}",
            outcome.message
        );
        let states: Vec<_> = outcome.steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::RolledBack, StepState::Failed]);
        assert_eq!(read(&database, "SELECT member FROM members").await, [""; 0]);
    }
}

/// Others may write to a file at the same time; who begins by reading must not lose its turn.
#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_file_wait_for_each_other() {
    let way = Way {
        system: System::Sqlite,
        through: Through::ItsDriver,
    };
    let database = way
        .create("CREATE TABLE members (member TEXT);")
        .await
        .expect("SQLite is always there");
    let text = connector("", &["INSERT INTO members VALUES (?<member>)"]).replace(
        "            queries:\n",
        "            validation_queries: ['SELECT count(*) AS n FROM members']\n            queries:\n",
    );
    let plan = plan(&database, &text);
    let members: Vec<String> = (0..12).map(|n| format!("m{n:02}")).collect();
    let made = members
        .iter()
        .map(|member| granted(&plan, "member", member));
    for outcome in futures::future::join_all(made).await {
        assert_eq!(outcome.verdict, Verdict::Made, "{outcome:?}");
    }
    assert_eq!(
        read(&database, "SELECT member FROM members ORDER BY 1").await,
        members
    );
}

#[tokio::test]
async fn a_run_that_was_killed_is_looked_up_before_anything_is_sent() {
    let way = Way {
        system: System::Sqlite,
        through: Through::ItsDriver,
    };
    let seed = "CREATE TABLE members (member TEXT); INSERT INTO members VALUES ('ada');";
    let database = way.create(seed).await.expect("SQLite is always there");
    let plan = plan(
        &database,
        &connector("", &["INSERT INTO members VALUES (?<member>)"]),
    );
    for (member, verdict) in [("ada", Verdict::AlreadySo), ("bob", Verdict::Made)] {
        let who = holding("member", ("team", "red"), ("user", member));
        let prepared = grant(&plan, who).expect("it is offered");
        let finished = prepared.run(&mut Interrupted, RunOptions::default()).await;
        let outcome = finished.expect("nothing is written").outcome;
        assert_eq!(outcome.verdict, verdict, "{outcome:?}");
        assert_eq!(outcome.steps.is_empty(), verdict == Verdict::AlreadySo);
    }
    assert_eq!(
        read(&database, "SELECT member FROM members").await,
        ["ada", "bob"]
    );
}

#[tokio::test]
async fn each_database_is_changed_by_its_name() {
    for system in [System::Postgres, System::Mysql] {
        let way = Way {
            system,
            through: Through::ItsDriver,
        };
        let seed = "CREATE TABLE members (team VARCHAR(20), member VARCHAR(20));";
        let (Some(one), Some(other)) = (way.create(seed).await, way.create(seed).await) else {
            continue;
        };
        let connect = one.connect().replace(
            "'}",
            &format!(
                "', databases: {{static: ['{}', '{}']}}}}",
                one.name, other.name
            ),
        );
        let text = format!(
            "{connect}app_name: Acme
resource_types:
  team:
    name: Team
    list: {{query: SELECT 'red' AS id, map: {{id: .id, display_name: .id}}}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {{team: resource.ID, member: principal.ID, database: \"resource.ID == 'red' ? '' : resource.ID\"}}
          grant: {{queries: ['INSERT INTO members VALUES (?<team>, ?<member>) ']}}
          revoke: {{queries: ['DELETE FROM members WHERE team = ?<team> AND member = ?<member>']}}
"
        );
        let password = one.url.password().unwrap_or_default().to_owned();
        let plan = plan_in(
            &one.folder.path().join("acme.yaml"),
            &text,
            &[("PASSWORD", &password)],
        );
        let who = |team: &str| holding("member", ("team", team), ("user", "ada"));
        let primary = if one.name < other.name { &one } else { &other };
        for (team, wanted) in [
            (other.name.as_str(), &other),
            (one.name.as_str(), &one),
            ("red", primary),
        ] {
            let prepared = grant(&plan, who(team)).expect("it is offered");
            let shown =
                serde_json::to_string(&prepared.plan().await.expect("it can be planned")[0].sent)
                    .expect("JSON");
            assert_eq!(shown.contains("\"database\""), team != "red", "{shown}");
            let outcome = run(&prepared).await.outcome;
            assert_eq!(outcome.verdict, Verdict::Made, "{outcome:?}");
            assert_eq!(read(wanted, "SELECT team FROM members").await, [team]);
            let outcome = run(&revoke(&plan, who(team)).expect("it is offered"))
                .await
                .outcome;
            assert_eq!(outcome.verdict, Verdict::Made, "{outcome:?}");
            assert_eq!(read(wanted, "SELECT team FROM members").await, [""; 0]);
        }
        let outcome = run(&grant(&plan, who("nowhere")).expect("it is offered"))
            .await
            .outcome;
        assert_eq!(outcome.verdict, Verdict::Failed, "{outcome:?}");
        assert!(
            outcome
                .message
                .starts_with("there is no database `nowhere`; there are `"),
            "{}",
            outcome.message
        );
    }
}
