//! Variables of the session that a connection asks for, as the Go driver takes them: a parameter of
//! the DSN that it does not know itself is `SET` on each connection.

use sqlx::mysql::MySqlDatabaseError;
use sqlx::{AssertSqlSafe, MySqlConnection, SqlSafeStr};

use super::super::super::failure::Class;
use super::super::super::target::Param;
use super::super::names_setting;

/// A variable and its value.
#[derive(Clone, PartialEq)]
pub struct Setting {
    name: String,
    value: SettingValue,
}

#[derive(Debug, Clone, PartialEq)]
enum SettingValue {
    Number(i64),
    Text(String),
}

/// Without the value, which may be secret.
impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Setting({})", self.name)
    }
}

impl Setting {
    /// The setting that a parameter asks for; `None` when its name cannot be that of a variable.
    pub fn of(param: &Param) -> Option<Self> {
        if !names_setting(&param.name) {
            return None;
        }
        let written = param.value.trim();
        let unquoted = ['\'', '"'].into_iter().find_map(|quote| {
            let inside = written.strip_prefix(quote)?.strip_suffix(quote)?;
            Some(inside.replace(&format!("{quote}{quote}"), &quote.to_string()))
        });
        let value = match (unquoted, written.parse()) {
            (Some(text), _) => SettingValue::Text(text),
            (None, Ok(number)) => SettingValue::Number(number),
            (None, Err(_)) => SettingValue::Text(written.to_owned()),
        };
        Some(Self {
            name: param.name.clone(),
            value,
        })
    }

    /// Sets the variable. The value is bound: it cannot become a statement.
    pub async fn apply(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(format!("SET SESSION {} = ?", self.name)).into_sql_str();
        let set = sqlx::query(sql);
        let set = match &self.value {
            SettingValue::Number(number) => set.bind(number),
            SettingValue::Text(text) => set.bind(text),
        };
        let set = set.execute(connection).await;
        set.map(drop).map_err(|error| self.without_value(error))
    }

    /// What the database says of a value that it does not take repeats the value, or a part of it.
    fn without_value(&self, error: sqlx::Error) -> sqlx::Error {
        let sqlx::Error::Database(said) = &error else {
            return error;
        };
        if super::classify(said.as_ref()) != (Class::Query { transient: false }) {
            return error;
        }
        let said = said.try_downcast_ref::<MySqlDatabaseError>();
        match said.map(MySqlDatabaseError::number) {
            // No such variable, no right to set it, and variables that cannot be set here.
            Some(1193 | 1227 | 1228 | 1229 | 1238) => error,
            _ => sqlx::Error::Configuration(
                format!("it does not take the value of the setting `{}`", self.name).into(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    #[test]
    fn values_are_read_as_statements_write_them() {
        let setting = |name: &str, value: &str| {
            Setting::of(&Param {
                name: name.into(),
                value: value.into(),
                span: Span::default(),
            })
        };
        let of = |value| setting("sql_mode", value).map(|setting| setting.value);
        assert_eq!(
            of("'ANSI,it''s'"),
            Some(SettingValue::Text("ANSI,it's".into()))
        );
        assert_eq!(of("ANSI"), Some(SettingValue::Text("ANSI".into())));
        assert_eq!(of(" 1048576 "), Some(SettingValue::Number(1_048_576)));
        for name in ["parsTime", "ssl-mod", "x;y", "", "@x"] {
            assert_eq!(setting(name, "1"), None, "{name}");
        }
    }
}
