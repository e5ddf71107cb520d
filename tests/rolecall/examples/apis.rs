//! The examples for servers with an API, synced from real ones that were filled over the same API.
//!
//! Everything that a seed makes has `rc_` in its name; lines without it belong to the server.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{fixture, root};
use crate::servers;

/// Names with the characters that break paths, queries, bodies and statements.
const HOSTILE: [&str; 8] = [
    "rc_a/b c",
    "rc_50%2F?x=1&y#z",
    "rc_a+b@home:1",
    "rc_o'brien",
    "rc_say \"hi\"",
    "rc_back\\slash",
    "rc_Größe Ünal ✓",
    "rc_{{ .item }} ${HOME}",
];

/// A server that a seed is sent to.
struct Api {
    client: reqwest::Client,
    url: String,
    authorization: String,
}

impl Api {
    fn new(url: &str, authorization: String) -> Self {
        servers::install_tls();
        Self {
            client: reqwest::Client::new(),
            url: url.to_owned(),
            authorization,
        }
    }

    async fn post(&self, path: &str, body: &Json) -> Json {
        let request = self.client.post(format!("{}{path}", self.url));
        self.answer(request.body(body.to_string())).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Json {
        let mut request = request.header("content-type", "application/json");
        if !self.authorization.is_empty() {
            request = request.header("authorization", &self.authorization);
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        let body = answer.text().await.expect("an answer has a body");
        assert!(status.is_success(), "the seed is refused: {status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }
}

/// Syncs an example, and says what it found, a line for each fact.
fn synced(example: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |arguments: &[&str]| {
        crate::program()
            .args(arguments)
            .current_dir(folder.path())
            .envs(variables.iter().copied())
            .output()
            .expect("the program runs")
    };
    let connector = root().join(format!("configs/examples/{example}.yaml"));
    let ran = run(&[
        "sync",
        &connector.to_string_lossy(),
        "-f",
        "out.c1z",
        "--strict",
    ]);
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    assert!(said.contains("complete"), "{said}");
    for (name, value) in variables {
        let secret = name.ends_with("PASSWORD") || name.ends_with("TOKEN");
        assert!(!secret || !said.contains(value), "{name} was shown");
    }
    ["resources", "entitlements", "grants"]
        .iter()
        .flat_map(|what| {
            let listed = run(&["inspect", "out.c1z", what, "--format", "json"]);
            crate::conformance::fact_lines(what, &listed.stdout)
        })
        .collect()
}

/// Those of the facts that a seed made.
fn seeded(mut facts: Vec<String>) -> Vec<String> {
    facts.retain(|line| line.contains("rc_"));
    facts
}

/// Compares what was found with `facts.txt`, or writes that where snapshots are written.
fn assert_facts(example: &str, found: &[String]) {
    let path = root().join(format!("tests/fixtures/examples/{example}/facts.txt"));
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, found.join("\n") + "\n").expect("the repository can be written");
    }
    let expected = fixture(example, "facts.txt");
    let expected: Vec<&str> = expected.lines().collect();
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !found.iter().any(|found| found == *line))
        .collect();
    let surplus: Vec<_> = found
        .iter()
        .filter(|line| !expected.contains(&line.as_str()))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty() && expected.len() == found.len(),
        "{example}: missing {missing:#?}, surplus {surplus:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_users_roles_and_keys() {
    let Some((url, user, password)) = servers::etcd() else {
        return;
    };
    let open = Api::new(&url, String::new());
    let login = json!({"name": user, "password": password});
    let token = open.post("/v3/auth/authenticate", &login).await;
    let token = token["token"].as_str().expect("a token").to_owned();
    let etcd = Api::new(&url, token);
    let there = etcd.post("/v3/auth/user/list", &json!({})).await;
    if !there.to_string().contains("rc_") {
        seed_etcd(&etcd).await;
    }
    let variables = [
        ("ETCD_URL", url.as_str()),
        ("ETCD_USER", &user),
        ("ETCD_PASSWORD", &password),
    ];
    assert_facts("etcd", &seeded(synced("etcd", &variables)));
}

async fn seed_etcd(etcd: &Api) {
    let seed: Json = serde_json::from_str(&fixture("etcd", "seed.json")).expect("it is JSON");
    let names = |list: &str| {
        let written = seed[list].as_array().expect("a list").iter();
        let written = written.map(|name| name.as_str().expect("a name").to_owned());
        written
            .chain(HOSTILE.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    for name in names("users") {
        let user = json!({"name": name, "password": "rc"});
        etcd.post("/v3/auth/user/add", &user).await;
    }
    for role in names("roles") {
        etcd.post("/v3/auth/role/add", &json!({ "name": role }))
            .await;
    }
    // Each of the odd ones has the role of its own name.
    let own = HOSTILE.map(|name| json!({"user": name, "role": name}));
    let written = seed["grants"].as_array().expect("a list").iter().cloned();
    for grant in written.chain(own) {
        etcd.post("/v3/auth/user/grant", &grant).await;
    }
    for permission in seed["permissions"].as_array().expect("a list") {
        etcd.post("/v3/auth/role/grant", permission).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn influxdb_users_and_databases() {
    use base64::Engine as _;
    let Some((url, user, password)) = servers::influxdb() else {
        return;
    };
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let influxdb = Api::new(&url, format!("Basic {basic}"));
    let quoted = |name: &str| Json::from(name).to_string();
    // Databases may have anything in their names but slashes and backslashes.
    let database = |name: &str| quoted(&name.replace(['/', '\\'], "|"));
    let mut statements: Vec<String> = fixture("influxdb", "seed.influxql")
        .lines()
        .map(str::to_owned)
        .collect();
    for name in HOSTILE {
        let (user, database) = (quoted(name), database(name));
        statements.push(format!("CREATE USER {user} WITH PASSWORD 'rc'"));
        statements.push(format!("CREATE DATABASE {database}"));
        statements.push(format!("GRANT READ ON {database} TO {user}"));
    }
    for statement in statements {
        let request = influxdb.client.post(format!("{url}/query"));
        let answer = influxdb.answer(request.query(&[("q", &statement)])).await;
        let error = answer["results"][0]["error"].as_str().unwrap_or_default();
        // A second run finds what the first one made.
        let fine = error.is_empty() || error.contains("exists");
        assert!(fine, "{statement}: {error}");
    }
    let variables = [
        ("INFLUXDB_URL", url.as_str()),
        ("INFLUXDB_USER", &user),
        ("INFLUXDB_PASSWORD", &password),
    ];
    assert_facts("influxdb", &seeded(synced("influxdb", &variables)));
}

/// More users than a page holds.
const PEOPLE: usize = 130;

#[tokio::test(flavor = "multi_thread")]
async fn scim_users_and_groups() {
    let Some((url, token)) = servers::scim() else {
        return;
    };
    let scim = Api::new(&url, format!("Bearer {token}"));
    let names = seed_scim(&scim).await;
    let variables = [("SCIM_URL", url.as_str()), ("SCIM_TOKEN", token.as_str())];
    let mut found = synced("scim", &variables);
    // The server makes up the ids; what was seeded is known by its names.
    for line in &mut found {
        for (id, name) in &names {
            *line = line.replace(id, &format!("<{name}>"));
        }
    }
    let person = |line: &&String| line.starts_with("user:<rc_person_");
    assert_eq!(found.iter().filter(person).count(), PEOPLE);
    let mut found = seeded(found);
    found.retain(|line| !line.contains("rc_person_") || line.contains("rc_person_007"));
    found.sort();
    assert_facts("scim", &found);
}

/// What a seed made: names by id.
#[derive(Default)]
struct Made(BTreeMap<String, String>);

impl Made {
    fn note(&mut self, made: &Json) -> String {
        let name = made["userName"].as_str().or(made["displayName"].as_str());
        let id = made["id"].as_str().expect("it has an id").to_owned();
        let name = name.unwrap_or_default().to_owned();
        self.0.insert(id.clone(), name);
        id
    }
}

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Fills the server, unless it is filled, and returns the names of what is there by id.
async fn seed_scim(scim: &Api) -> BTreeMap<String, String> {
    let mut names = Made::default();
    for path in ["/Users", "/Groups"] {
        let request = scim.client.get(format!("{}{path}?count=1000", scim.url));
        let listed = scim.answer(request).await;
        for made in listed["Resources"].as_array().into_iter().flatten() {
            names.note(made);
        }
    }
    if names.0.values().any(|name| name.contains("rc_")) {
        return names.0;
    }
    let seed: Json = serde_json::from_str(&fixture("scim", "seed.json")).expect("it is JSON");
    let mut people = seed["users"].as_array().expect("a list").clone();
    people.extend(HOSTILE.map(|name| json!({ "userName": name, "displayName": name })));
    people.extend((0..PEOPLE).map(|n| json!({ "userName": format!("rc_person_{n:03}") })));
    // What a member is known by in the seed: its type and id.
    let mut members: BTreeMap<String, Json> = BTreeMap::new();
    for mut person in people {
        person["schemas"] = match person.get(ENTERPRISE) {
            Some(_) => json!([USER, ENTERPRISE]),
            None => json!([USER]),
        };
        let id = names.note(&scim.post("/Users", &person).await);
        let name = person["userName"].as_str().expect("a name").to_owned();
        members.insert(name, json!({"value": id, "type": "User"}));
    }
    let mut groups = seed["groups"].as_array().expect("a list").clone();
    groups.extend(HOSTILE.map(|name| json!({ "displayName": name, "members": [name] })));
    for group in groups {
        let name = group["displayName"].as_str().expect("a name");
        let within = group["members"].as_array().expect("a list").iter();
        let within: Vec<&Json> = within
            .map(|name| &members[name.as_str().expect("a name")])
            .collect();
        let body = json!({"schemas": [GROUP], "displayName": name, "members": within});
        let id = names.note(&scim.post("/Groups", &body).await);
        // A later group may have this one in it.
        members.insert(
            format!("group {name}"),
            json!({"value": id, "type": "Group"}),
        );
    }
    names.0
}
