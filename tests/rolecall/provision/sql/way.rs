//! The ways to a database: its system, and what reaches it.

use sqlx::{AssertSqlSafe, Connection, Row};

use crate::sql::harness::{Database, System, Through};

/// A database system, and what reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub system: System,
    pub through: Through,
}

impl Way {
    pub fn all() -> Vec<Way> {
        let through = match cfg!(feature = "odbc") {
            true => vec![Through::ItsDriver, Through::Odbc],
            false => vec![Through::ItsDriver],
        };
        let ways = System::ALL.into_iter();
        let ways = ways.flat_map(|system| {
            let through = through.iter().copied();
            through.map(move |through| Way { system, through })
        });
        ways.collect()
    }

    pub fn name(self) -> &'static str {
        match (self.system, self.through) {
            (System::Sqlite, Through::Odbc) => "odbc_sqlite",
            (System::Postgres, Through::Odbc) => "odbc_postgres",
            (System::Mysql, Through::Odbc) => "odbc_mysql",
            (System::Sqlite, _) => "sqlite",
            (System::Postgres, _) => "postgres",
            (System::Mysql, _) => "mysql",
        }
    }

    /// A fresh database; `None` when there is no server.
    pub async fn create(self, schema: &str) -> Option<Database> {
        let mut database = Database::create(self.system, schema).await?;
        database.through = self.through;
        Some(database)
    }
}

/// The first column of a query, read by a connection of its own.
pub async fn read(database: &Database, sql: &str) -> Vec<String> {
    let text = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
    let safe = AssertSqlSafe(sql.to_owned());
    match database.system {
        System::Sqlite => {
            let path = database.folder.path().join(&database.name);
            let connection = rusqlite::Connection::open(path).expect("the file is there");
            let mut query = connection.prepare(sql).expect("the query is sound");
            let rows = query.query_map((), |row| row.get(0)).expect("it runs");
            rows.map(|value| text(value.expect("it is a text")))
                .collect()
        }
        System::Postgres => {
            let mut connection = sqlx::PgConnection::connect(database.url.as_str()).await;
            let connection = connection.as_mut().expect("the server answers");
            let rows = sqlx::raw_sql(safe).fetch_all(connection).await;
            let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
            rows.iter().map(|row| text(row.get_unchecked(0))).collect()
        }
        System::Mysql => {
            let mut connection = sqlx::MySqlConnection::connect(database.url.as_str()).await;
            let connection = connection.as_mut().expect("the server answers");
            let rows = sqlx::raw_sql(safe).fetch_all(connection).await;
            let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
            rows.iter().map(|row| text(row.get_unchecked(0))).collect()
        }
    }
}
