//! The connectors that are registered: who they are, how they sign, what they said of themselves.

use chrono::{DateTime, Utc};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, Row, params};
use secrecy::SecretString;

use super::database::Database;
use super::error::PlatformError;
use super::moment;
use crate::diagnostic::nearest;
use crate::proto::connectorapi::baton::v1::BatonServiceHelloRequest;
use crate::protocol::{ClientId, ClientKey};

/// The registered connectors.
#[derive(Debug, Clone)]
pub struct Clients {
    database: Database,
    host: String,
}

/// A registered connector.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Its client id.
    pub id: String,
    /// The name in it.
    pub name: String,
    /// Its public key, as a JSON Web Key.
    pub public_key: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// What it said last of itself.
    pub hello: Option<BatonServiceHelloRequest>,
    /// When it did.
    pub hello_at: Option<DateTime<Utc>>,
}

/// What a connector needs to register itself. The secret is told once: only the public key is kept.
#[derive(Debug)]
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
}

const COLUMNS: &str = "id, name, public_key, created_at, hello, hello_at";

impl Clients {
    pub(super) fn new(database: Database, host: String) -> Self {
        Self { database, host }
    }

    /// Fails where no client can have this name.
    pub fn check_name(name: &str) -> Result<(), PlatformError> {
        let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        match (1..=64).contains(&name.len()) && name.chars().all(is_sign) {
            true => Ok(()),
            false => Err(PlatformError::ClientName(name.to_owned())),
        }
    }

    /// Registers a connector.
    pub fn add(&self, name: &str, now: DateTime<Utc>) -> Result<Credentials, PlatformError> {
        Self::check_name(name)?;
        let id = format!("{name}@{}/rolecall", self.host);
        let id = ClientId::parse(&id).map_err(|_| PlatformError::Host(self.host.clone()))?;
        let (key, client_secret) = ClientKey::generate(id.host());
        let public_key = key.public_jwk();
        self.database.write(|tx| {
            let added = tx.execute(
                "insert into clients (id, name, public_key, created_at) values (?1, ?2, ?3, ?4)
                 on conflict do nothing",
                params![id.as_str(), name, public_key, moment::column(now)],
            )?;
            match added {
                0 => Err(PlatformError::ClientExists(name.to_owned())),
                _ => Ok(()),
            }
        })?;
        Ok(Credentials {
            client_id: id.as_str().to_owned(),
            client_secret,
        })
    }

    /// All of them, by name.
    pub fn all(&self) -> Result<Vec<Client>, PlatformError> {
        let rows = self.database.read(|tx| {
            let mut all =
                tx.prepare_cached(&format!("select {COLUMNS} from clients order by name"))?;
            let rows = all.query_map([], ClientRow::read)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter().map(Client::try_from).collect()
    }

    /// The one of a client id.
    pub fn by_id(&self, id: &str) -> Result<Option<Client>, PlatformError> {
        let row = self.database.read(|tx| {
            let sql = format!("select {COLUMNS} from clients where id = ?1");
            tx.query_row(&sql, [id], ClientRow::read).optional()
        })?;
        row.map(Client::try_from).transpose()
    }

    /// The one that somebody names by name or id; the only one where nobody is named.
    pub fn named(&self, name: Option<&str>) -> Result<Client, PlatformError> {
        let mut all = self.all()?;
        let Some(name) = name else {
            return match all.len() {
                0 => Err(PlatformError::NoClient {
                    name: String::new(),
                    hint: ": none is registered; `rolecall platform add-client` does".to_owned(),
                }),
                1 => Ok(all.remove(0)),
                _ => {
                    let names: Vec<_> = all.into_iter().map(|client| client.name).collect();
                    Err(PlatformError::WhichClient(names.join(", ")))
                }
            };
        };
        let found = all
            .iter()
            .position(|client| client.name == name || client.id == name);
        match found {
            Some(found) => Ok(all.swap_remove(found)),
            None => {
                let meant = nearest(name, all.iter().map(|client| client.name.as_str()));
                let hint = meant.map(|meant| format!("; did you mean `{meant}`?"));
                Err(PlatformError::NoClient {
                    name: name.to_owned(),
                    hint: hint.unwrap_or_default(),
                })
            }
        }
    }

    /// Keeps what a connector says of itself.
    pub(super) fn said_hello(
        &self,
        id: &str,
        hello: &BatonServiceHelloRequest,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        self.database.write(|tx| {
            tx.execute(
                "update clients set hello = ?2, hello_at = ?3 where id = ?1",
                params![id, hello.encode_to_vec(), moment::column(now)],
            )?;
            Ok(())
        })
    }
}

struct ClientRow {
    id: String,
    name: String,
    public_key: String,
    created_at: i64,
    hello: Option<Vec<u8>>,
    hello_at: Option<i64>,
}

impl ClientRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            public_key: row.get(2)?,
            created_at: row.get(3)?,
            hello: row.get(4)?,
            hello_at: row.get(5)?,
        })
    }
}

impl TryFrom<ClientRow> for Client {
    type Error = PlatformError;

    fn try_from(row: ClientRow) -> Result<Self, PlatformError> {
        let hello = row
            .hello
            .map(|bytes| BatonServiceHelloRequest::decode(bytes.as_slice()));
        Ok(Self {
            id: row.id,
            name: row.name,
            public_key: row.public_key,
            created_at: moment::of_column(row.created_at),
            hello: hello
                .transpose()
                .map_err(|_| PlatformError::Damaged("what a connector said of itself"))?,
            hello_at: row.hello_at.map(moment::of_column),
        })
    }
}
