//! A database per test, and a connector file compiled against it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rolecall::config::connect::ConnectConfig;
use rolecall::config::{CompileContext, load_text};
use rolecall::diagnostic::{Diagnostic, Severity, SourceFile, render_text, sort};
use rolecall::expr::{Inputs, Value, Variables};
use rolecall::source::sql::{SqlListing, SqlSource};
use rolecall::source::{Fetch, PageToken, Source, SourceError};
use sqlx::{AssertSqlSafe, Connection, Executor};

/// A database system under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Sqlite,
    Postgres,
    Mysql,
}

impl System {
    pub const ALL: [System; 3] = [System::Sqlite, System::Postgres, System::Mysql];

    /// The name of its ODBC driver, as Debian's packages register it.
    pub fn odbc_driver(self) -> &'static str {
        match self {
            System::Sqlite => "SQLite3",
            System::Postgres => "PostgreSQL Unicode",
            System::Mysql => "MariaDB Unicode",
        }
    }

    /// The URL of the server; `None`, with a line that says so, when there is none to test with.
    pub fn server(self) -> Option<url::Url> {
        match self {
            System::Sqlite => url::Url::parse("sqlite://localhost").ok(),
            System::Postgres => crate::servers::postgres(),
            System::Mysql => crate::servers::mysql(),
        }
    }
}

/// How a database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// The driver that is built in.
    ItsDriver,
    /// Its ODBC driver.
    #[cfg_attr(not(feature = "odbc"), allow(dead_code, reason = "there is no ODBC"))]
    Odbc,
    /// The dialect of Redshift, which PostgreSQL understands.
    Redshift,
}

/// A fresh database.
pub struct Database {
    pub system: System,
    pub name: String,
    pub url: url::Url,
    /// Where connector files of this database live; the file itself on SQLite.
    pub folder: tempfile::TempDir,
    /// How connectors reach it.
    pub through: Through,
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Database {
    /// Creates a database and fills it. `None` when there is no server.
    pub async fn create(system: System, schema: &str) -> Option<Self> {
        let mut url = system.server()?;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut name = format!("rolecall_{}_{count}", std::process::id());
        match system {
            System::Sqlite => name = "acme.db".to_owned(),
            _ => {
                execute(system, &url, &format!("DROP DATABASE IF EXISTS {name}")).await;
                let utf8 = match system {
                    System::Mysql => " CHARACTER SET utf8mb4",
                    _ => "",
                };
                execute(system, &url, &format!("CREATE DATABASE {name}{utf8}")).await;
                url.set_path(&name);
            }
        }
        let database = Self {
            system,
            name,
            url,
            folder,
            through: Through::ItsDriver,
        };
        database.execute(schema).await;
        Some(database)
    }

    pub async fn execute(&self, sql: &str) {
        match self.system {
            System::Sqlite => rusqlite::Connection::open(self.folder.path().join(&self.name))
                .expect("the file can be made")
                .execute_batch(sql)
                .expect("the statements run"),
            system => execute(system, &self.url, sql).await,
        }
    }

    /// The `connect` block that reaches it.
    pub fn connect(&self) -> String {
        match self.through {
            Through::ItsDriver => {}
            Through::Odbc => return self.connect_odbc(),
            Through::Redshift => return self.connect_url("redshift"),
        }
        match self.system {
            System::Sqlite => "connect: {dsn: 'sqlite:acme.db'}\n".to_owned(),
            System::Postgres => self.connect_url("postgres"),
            System::Mysql => self.connect_url("mysql"),
        }
    }

    fn connect_odbc(&self) -> String {
        let file = self.folder.path().join("acme.db");
        match self.system {
            System::Sqlite => format!(
                "connect: {{scheme: odbc, database: '{}', params: {{driver: SQLite3}}}}\n",
                file.display()
            ),
            system => format!(
                "connect: {{dsn: 'odbc://{}:${{PASSWORD}}@{}:{}/{}?driver={}'}}\n",
                self.url.username(),
                self.url.host_str().expect("the server has a host"),
                self.url.port().expect("the server has a port"),
                self.name,
                system.odbc_driver().replace(' ', "+")
            ),
        }
    }

    fn connect_url(&self, scheme: &str) -> String {
        format!(
            "connect: {{dsn: '{scheme}://{}:${{PASSWORD}}@{}:{}/{}'}}\n",
            self.url.username(),
            self.url.host_str().expect("the server has a host"),
            self.url.port().expect("the server has a port"),
            self.name
        )
    }

    /// Compiles a file whose `connect` reaches this database.
    pub fn compile(&self, resource_types: &str) -> Compiled {
        self.compile_with(&self.connect(), resource_types, &[])
    }

    pub fn compile_with(&self, connect: &str, rest: &str, variables: &[(&str, &str)]) -> Compiled {
        let password = self.url.password().unwrap_or_default();
        let mut all = vec![("PASSWORD", password)];
        all.extend_from_slice(variables);
        let path = self.folder.path().join("acme.yaml");
        compile(&path, &format!("{connect}{rest}"), &all)
    }

    /// Compiles one paged query under the type `row`.
    pub fn query(&self, query: &str, pagination: &str) -> Compiled {
        let pagination = match pagination {
            "" => String::new(),
            written => format!("      pagination: {written}\n"),
        };
        self.compile(&format!(
            "resource_types:\n  row:\n    list:\n      query: |\n        {query}\n{pagination}"
        ))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.system == System::Sqlite {
            return;
        }
        let (system, name, mut url) = (self.system, self.name.clone(), self.url.clone());
        url.set_path(if system == System::Postgres {
            "postgres"
        } else {
            ""
        });
        let force = if system == System::Postgres {
            " WITH (FORCE)"
        } else {
            ""
        };
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be made")
                .block_on(execute(
                    system,
                    &url,
                    &format!("DROP DATABASE {name}{force}"),
                ));
        })
        .join()
        .ok();
    }
}

/// Runs statements on a server.
pub async fn execute(system: System, url: &url::Url, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match system {
        System::Sqlite => panic!("SQLite has no server"),
        System::Postgres => {
            let mut connection = sqlx::PgConnection::connect(url.as_str())
                .await
                .expect("the server answers");
            connection.execute(sqlx::raw_sql(sql)).await.expect("runs");
        }
        System::Mysql => {
            let mut connection = sqlx::MySqlConnection::connect(url.as_str())
                .await
                .expect("the server answers");
            connection.execute(sqlx::raw_sql(sql)).await.expect("runs");
        }
    }
}

/// A connector file, compiled.
pub struct Compiled {
    pub source: Option<Arc<SqlSource>>,
    pub listings: HashMap<String, Box<dyn Fetch>>,
    pub diagnostics: Vec<Diagnostic>,
}

pub fn compile(path: &Path, yaml: &str, variables: &[(&str, &str)]) -> Compiled {
    let file = SourceFile::new(path, yaml);
    let loaded = load_text(file.clone());
    let environment: HashMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let Some((dialect, config)) = loaded.config else {
        panic!("the file loads: {}", render(loaded.diagnostics));
    };
    let mut cx = CompileContext::new(file.clone(), dialect, &environment, Severity::Error);
    let Some(ConnectConfig::Sql(connect)) = &config.connect else {
        panic!("the file is about a database");
    };
    let source = SqlSource::compile(connect, &mut cx);
    let mut listings = HashMap::new();
    if let Some(source) = &source {
        for (key, kind) in config.resource_types.iter() {
            let list = kind.list.iter().filter_map(|list| {
                Some(SqlListing {
                    query: list.query.as_ref()?,
                    vars: &list.vars,
                    pagination: list.pagination.as_ref(),
                    scope: list.scope,
                    variables: Variables::of(&[]),
                    resource_type: None,
                })
            });
            let grants = kind.grants.0.iter().filter_map(|grants| {
                Some(SqlListing {
                    query: grants.query.as_ref()?,
                    vars: &grants.vars,
                    pagination: grants.pagination.as_ref(),
                    scope: grants.scope,
                    variables: Variables::of(&["resource"]),
                    resource_type: Some(&key.text),
                })
            });
            for (name, listing) in list
                .map(|listing| (key.text.clone(), listing))
                .chain(grants.map(|listing| (format!("{}.grants", key.text), listing)))
            {
                if let Some(fetch) = source.listing(listing, &mut cx) {
                    listings.insert(name, fetch);
                }
            }
        }
    }
    let mut diagnostics = loaded.diagnostics;
    diagnostics.append(&mut cx.diagnostics);
    sort(&mut diagnostics);
    Compiled {
        source,
        listings,
        diagnostics,
    }
}

/// Diagnostics as people see them.
pub fn render(diagnostics: Vec<Diagnostic>) -> String {
    let rendered: Vec<_> = diagnostics.iter().map(|d| render_text(d, false)).collect();
    rendered.join("\n\n")
}

impl Compiled {
    pub fn source(&self) -> &SqlSource {
        self.source.as_deref().expect("`connect` is understood")
    }

    pub fn codes(&self) -> Vec<&'static str> {
        self.diagnostics.iter().map(|d| d.code).collect()
    }

    pub fn fetch(&self, name: &str) -> &dyn Fetch {
        match self.listings.get(name) {
            Some(fetch) => fetch.as_ref(),
            None => panic!("`{name}` compiles: {}", render(self.diagnostics.clone())),
        }
    }

    /// All pages of a listing.
    pub async fn pages(&self, name: &str, inputs: &Inputs) -> Result<Vec<Vec<Value>>, SourceError> {
        let fetch = self.fetch(name);
        let mut pages = Vec::new();
        let mut token: Option<PageToken> = None;
        loop {
            let page = fetch.page(inputs, token.as_ref()).await?;
            assert!(
                page.partial.is_empty(),
                "the listing is partial: {:?}",
                page.partial
            );
            pages.push(page.records);
            assert!(pages.len() <= 2000, "paging never ends");
            token = page.next;
            if token.is_none() {
                return Ok(pages);
            }
        }
    }

    /// How many records the listing `row` brings, and why it is partial.
    pub async fn partial(&self) -> (usize, Vec<&'static str>) {
        let (mut records, mut reasons, mut token) = (0, Vec::new(), None::<PageToken>);
        loop {
            let page = self.fetch("row").page(&Inputs::new(), token.as_ref()).await;
            let page = page.expect("the pages can be read");
            records += page.records.len();
            reasons.extend(page.partial.iter().map(|reason| reason.code));
            token = page.next;
            if token.is_none() {
                return (records, reasons);
            }
        }
    }

    /// All records of the listing `row`.
    pub async fn rows(&self) -> Result<Vec<Value>, SourceError> {
        Ok(self.pages("row", &Inputs::new()).await?.concat())
    }

    /// The records of `<kind>.grants` for a resource.
    pub async fn grants(&self, kind: &str, id: &str) -> Result<Vec<Value>, SourceError> {
        let pages = self.pages(&format!("{kind}.grants"), &resource(id)).await?;
        Ok(pages.concat())
    }

    pub async fn check(&self) -> Result<(), SourceError> {
        self.source().check().await
    }

    pub async fn close(&self) {
        self.source().close().await;
    }
}

/// Inputs with a current resource.
pub fn resource(id: &str) -> Inputs {
    let fields = [("ID", id), ("DisplayName", "Some group")];
    let map = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    Inputs::new().with("resource", Value::Map(map))
}

/// One column of records.
pub fn column(records: &[Value], name: &str) -> Vec<Value> {
    records
        .iter()
        .map(|record| record.get(name).cloned().expect("each record has it"))
        .collect()
}

pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/sql")
        .join(path)
}
