//! The variables of a test: those that it gives, and stand-ins for all others.

use std::collections::HashMap;

use crate::config::connect::ConnectConfig;
use crate::config::decode::Named;
use crate::config::scalar::Text;
use crate::config::{ConnectorConfig, Environment};

/// What a variable is that no test gives.
const STAND_IN: &str = "stand-in";

/// Variables that do not depend on where a test runs.
pub(super) struct StandIns {
    given: HashMap<String, String>,
    /// Those that alone say where the system is, which no word could.
    places: HashMap<String, &'static str>,
}

impl StandIns {
    pub fn of(config: &ConnectorConfig, given: &Named<Text>) -> Self {
        let given = given.iter();
        let mut places = HashMap::new();
        let mut place = |text: Option<&Text>, value| {
            let name = text.and_then(|text| only_variable(text.text.trim()));
            if let Some(name) = name {
                places.insert(name.to_owned(), value);
            }
        };
        match &config.connect {
            Some(ConnectConfig::Http(connect)) => {
                place(Some(&connect.base_url.0), "https://api.example.test");
            }
            Some(ConnectConfig::Sql(connect)) => {
                let of_dsn = "postgres://stand-in@localhost/stand-in";
                place(connect.dsn.as_ref().map(|dsn| &dsn.0.0), of_dsn);
                place(connect.scheme.as_ref().map(|text| &text.0), "postgres");
                place(connect.port.as_ref().map(|text| &text.0), "5432");
            }
            None => {}
        }
        Self {
            given: given
                .map(|(name, value)| (name.text.clone(), value.text.clone()))
                .collect(),
            places,
        }
    }
}

/// The name in a text that is one variable and nothing else.
fn only_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

impl Environment for StandIns {
    fn get(&self, name: &str) -> Option<String> {
        let given = self.given.get(name).map(String::as_str);
        let value = given.or_else(|| self.places.get(name).copied());
        Some(value.unwrap_or(STAND_IN).to_owned())
    }
}
