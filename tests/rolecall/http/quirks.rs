//! `tests/fixtures/quirks`: shapes and quirks of real APIs, each a connector that meets them, run by
//! the program itself against a server that answers from a script.
//!
//! A case has `quirk.yaml` (what the quirk is), and what a [`Scene`] has.

use std::collections::BTreeMap;
use std::path::Path;

use super::scene::{Scene, play_all};
use crate::sql::harness::{Database, System};

/// What a quirk is, for the documentation.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quirk {
    /// The heading it stands under.
    pub group: String,
    /// What APIs do.
    pub quirk: String,
    /// Where this is met.
    pub seen_at: String,
    /// What the connector writes to meet it.
    pub how: String,
    /// A real database that is read instead, filled by `seed.sql` and named by `${DB_…}`. The case is
    /// skipped where there is no such server.
    #[serde(default)]
    pub database: Option<RealDatabase>,
    /// Further variables of the environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How often the same command is run: what an earlier run left, the work file or something in
    /// `${FOLDER}`, is there in the next.
    #[serde(default = "once")]
    pub runs: u32,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RealDatabase {
    Postgresql,
    Mariadb,
}

impl RealDatabase {
    /// Makes a database, and the variables that lead to it.
    fn create(self, seed: &str) -> Option<(Database, [(&'static str, String); 5])> {
        let system = match self {
            RealDatabase::Postgresql => System::Postgres,
            RealDatabase::Mariadb => System::Mysql,
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let database = runtime.block_on(Database::create(system, seed))?;
        let url = &database.url;
        let variables = [
            ("DB_HOST", url.host_str().expect("a host").to_owned()),
            ("DB_PORT", url.port().expect("a port").to_string()),
            ("DB_USER", url.username().to_owned()),
            ("DB_PASSWORD", crate::servers::password(url)),
            ("DB_NAME", database.name.clone()),
        ];
        Some((database, variables))
    }
}

impl Quirk {
    pub fn of(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("quirk.yaml")).expect("a quirk.yaml");
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
    }
}

#[test]
fn every_quirk_is_met() {
    play_all(&crate::fixtures("quirks"), met);
}

fn met(folder: &Path) -> Result<(), String> {
    let quirk = Quirk::of(folder);
    let seed = std::fs::read_to_string(folder.join("seed.sql")).unwrap_or_default();
    let database = match quirk.database.map(|found| found.create(&seed)) {
        Some(None) => return Ok(()),
        created => created.flatten(),
    };
    let variables = database.iter().flat_map(|(_, variables)| variables.clone());
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let command = [
        "sync",
        "connector.yaml",
        "--strict",
        "--concurrency",
        "4",
        "-f",
        "${FOLDER}/out.c1z",
    ];
    let command: Vec<String> = command.map(str::to_owned).into();
    let scene = Scene {
        folder,
        commands: vec![command; quirk.runs as usize],
        env: variables.chain(quirk.env.clone()).collect(),
    };
    scene.play()
}
