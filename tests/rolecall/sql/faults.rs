//! Connections that break while a sync runs, and queries that the database refuses.

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use rolecall::c1z::{C1z, GrantFilter, ReadLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::harness::{Database, System};

/// Hands bytes on between clients and a server, and cuts connections.
struct Cutter {
    port: u16,
    /// How many bytes of its answers each of the next connections gets. Those after the last get
    /// what `then` says.
    limits: Arc<Mutex<Limits>>,
}

struct Limits {
    next: Vec<usize>,
    then: usize,
    cut: usize,
}

const WHOLE: usize = usize::MAX;

impl Cutter {
    async fn before(server: &url::Url, limits: &[usize], then: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let address = (
            server.host_str().expect("a host").to_owned(),
            server.port().expect("a port"),
        );
        let limits = Limits {
            next: limits.iter().rev().copied().collect(),
            then,
            cut: 0,
        };
        let limits = Arc::new(Mutex::new(limits));
        let shared = limits.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let limit = {
                    let mut limits = shared.lock().expect("nothing panics under it");
                    limits.next.pop().unwrap_or(limits.then)
                };
                tokio::spawn(between(client, address.clone(), limit, shared.clone()));
            }
        });
        Self { port, limits }
    }

    fn cuts(&self) -> usize {
        self.limits.lock().expect("nothing panics under it").cut
    }

    /// From now on every connection is left alone.
    fn mend(&self) {
        let mut limits = self.limits.lock().expect("nothing panics under it");
        limits.next.clear();
        limits.then = WHOLE;
    }
}

async fn between(
    client: TcpStream,
    server: (String, u16),
    mut left: usize,
    limits: Arc<Mutex<Limits>>,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let questions = tokio::spawn(async move {
        tokio::io::copy(&mut from_client, &mut to_server).await.ok();
    });
    let mut bytes = vec![0; 8192];
    while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
        if to_client.write_all(&bytes[..read.min(left)]).await.is_err() {
            break;
        }
        if left < read {
            limits.lock().expect("nothing panics under it").cut += 1;
            break;
        }
        left = left.saturating_sub(read);
        // A connection with no limit never comes to it.
        if limits.lock().expect("nothing panics under it").then == WHOLE && left > WHOLE / 2 {
            left = WHOLE;
        }
    }
    questions.abort();
}

const SEED: &str = "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(200));
CREATE TABLE members (team INT, member INT);
INSERT INTO users WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
    SELECT n, REPEAT('x', 100) FROM n;
INSERT INTO members SELECT t.id, m.id FROM users t, users m WHERE t.id <= 10 AND MOD(m.id, 2) = 0;";

/// A listing in pages, one that is streamed, and a stream for all resources of a type at once.
const RESOURCE_TYPES: &str = "app_name: Acme
resource_types:
  user:
    name: User
    list:
      query: SELECT id, name FROM users ORDER BY id LIMIT ?<limit> OFFSET ?<offset>
      pagination: {strategy: offset, primary_key: id, page_size: 200}
      map: {id: .id, display_name: .name, traits: {user: {}}}
  team:
    name: Team
    list:
      query: SELECT id, name FROM users WHERE id <= 10
      map: {id: .id, display_name: .name, traits: {group: {}}}
    static_entitlements: [{id: member, display_name: \"'Member'\", grantable_to: [user]}]
    grants:
      - query: SELECT team, member, name FROM members JOIN users ON id = member
        map: [{resource_id: .team, principal_id: .member, principal_type: user, entitlement_id: member}]
";

fn write(database: &Database, port: u16) {
    let own = database.url.port().expect("a port").to_string();
    let connect = database
        .connect()
        .replace(&format!(":{own}/"), &format!(":{port}/"));
    let file = format!("{connect}{RESOURCE_TYPES}");
    std::fs::write(database.folder.path().join("acme.yaml"), file).expect("the folder is ours");
}

async fn sync(database: &Database) -> Output {
    let mut command = crate::program();
    command
        .args(["sync", "acme.yaml", "-f", "out.c1z", "--concurrency", "1"])
        .current_dir(database.folder.path())
        .env("PASSWORD", database.url.password().unwrap_or_default());
    let ran = tokio::task::spawn_blocking(move || command.output());
    ran.await.expect("it does not panic").expect("it runs")
}

fn servers() -> impl Iterator<Item = System> {
    [System::Postgres, System::Mysql].into_iter()
}

/// All 900 users and all 4,500 grants, and none of them twice.
fn assert_whole(ran: &Output, folder: &Path) {
    let said = crate::said(ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(
        said.contains("910 resources, 10 entitlements, 4500 grants"),
        "{said}"
    );
    assert!(!said.contains("duplicate-id"), "{said}");
    let opened = C1z::open(&folder.join("out.c1z"), ReadLimits::default()).expect("it opens");
    let sync = opened.sync(None).expect("it holds a finished run");
    assert_eq!(sync.grants(&GrantFilter::default()).count(), 4500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_costs_neither_rows_nor_the_sync() {
    for system in servers() {
        let Some(database) = Database::create(system, SEED).await else {
            continue;
        };
        // The first connection only asks whether the system is there. Then: a page is cut, the
        // connection after it is cut before it is open, and two streams are cut on their way.
        let limits = [WHOLE, 30_000, 10, 200_000, 350_000];
        let cutter = Cutter::before(&database.url, &limits, WHOLE).await;
        write(&database, cutter.port);
        let ran = sync(&database).await;
        assert_whole(&ran, database.folder.path());
        assert_eq!(cutter.cuts(), 4, "{system:?}");
        let said = crate::said(&ran);
        assert!(said.contains("is tried again"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_fails_the_sync_and_a_later_one_goes_on() {
    for system in servers() {
        let Some(database) = Database::create(system, SEED).await else {
            continue;
        };
        let cutter = Cutter::before(&database.url, &[WHOLE, 300_000], 10).await;
        write(&database, cutter.port);
        let ran = sync(&database).await;
        let said = crate::said(&ran);
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(said.contains("caused by: "), "{said}");
        assert!(said.contains("run the same command to go on"), "{said}");
        let folder = database.folder.path();
        assert!(
            !folder.join("out.c1z").exists(),
            "half of it looks like the whole"
        );

        cutter.mend();
        let ran = sync(&database).await;
        assert!(crate::said(&ran).contains("going on with the run"));
        assert_whole(&ran, folder);
    }
}

/// The database's own words, with the place in the connector file that they are about.
#[tokio::test]
async fn an_error_of_the_database_is_placed_in_the_file() {
    let cases = [
        "SELECT id,\n          nme\n        FROM people",
        "SELECT id FORM people WHERE id = 1 LIMIT 3",
        "SELECT p.id, p.nme FROM people p WHERE p.id <> ?<one>",
        "SELECT id, 'nme' AS x FROM persons",
    ];
    for system in System::ALL {
        let Some(database) = Database::create(system, "CREATE TABLE people (id INT);").await else {
            continue;
        };
        let mut seen = String::new();
        for query in cases {
            let compiled = database.compile(&format!(
                "resource_types:\n  row:\n    list:\n      query: |\n        {query}\n      vars: {{one: '1'}}\n"
            ));
            let error = compiled.rows().await.expect_err("it cannot run");
            let text = error.to_string();
            let text = text.replace(&*database.folder.path().to_string_lossy(), "FOLDER");
            let text = text.replace(&format!("{}.", database.name), "DATABASE.");
            seen.push_str(&format!("{query}\n→ {text}\n\n"));
        }
        insta::assert_snapshot!(format!("placed-{system:?}").to_lowercase(), seen);
    }
}
