//! What is known about a database system beyond what its driver tells.

/// A database system behind a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Microsoft SQL Server.
    SqlServer,
    /// Oracle Database.
    Oracle,
    /// SAP HANA.
    Hana,
    /// IBM Db2.
    Db2,
    /// Vertica.
    Vertica,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
    /// One that we know nothing about.
    Other,
}

/// How far the driver's description of a parameter can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Describes {
    /// It is the server's own.
    Exactly,
    /// A text may stand for anything.
    Vaguely,
    /// It means nothing.
    Never,
}

/// What a truth value is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// A bit.
    Bit,
    /// The number 1 or 0.
    Number,
    /// The text `1` or `0`.
    Text,
}

/// What a cursor begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Least {
    /// A text.
    Text(&'static str),
    /// The least number.
    Number,
}

impl System {
    /// The system that a driver says it speaks to.
    pub fn named(name: &str) -> Self {
        let name = name.to_lowercase();
        [
            ("microsoft sql server", System::SqlServer),
            ("oracle", System::Oracle),
            ("hdb", System::Hana),
            ("hana", System::Hana),
            ("db2", System::Db2),
            ("vertica", System::Vertica),
            ("postgres", System::Postgres),
            ("mysql", System::Mysql),
            ("mariadb", System::Mysql),
            ("sqlite", System::Sqlite),
        ]
        .into_iter()
        .find(|(word, _)| name.contains(word))
        .map_or(System::Other, |(_, system)| system)
    }

    /// A query that always has an answer.
    pub fn check(self) -> &'static str {
        match self {
            System::Oracle => "SELECT 1 FROM DUAL",
            System::Hana => "SELECT 1 FROM DUMMY",
            System::Db2 => "SELECT 1 FROM SYSIBM.SYSDUMMY1",
            _ => "SELECT 1",
        }
    }

    /// What each new connection runs first, so that moments are UTC and decimals have a point.
    pub fn greeting(self) -> Option<&'static str> {
        match self {
            System::Postgres => Some("SET TIME ZONE 'UTC'"),
            System::Vertica => Some("SET TIME ZONE TO 'UTC'"),
            System::Mysql => Some("SET time_zone = '+00:00'"),
            System::Oracle => {
                Some("ALTER SESSION SET TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,'")
            }
            _ => None,
        }
    }

    /// Whether a statement such as `GRANT` commits what was run before it, and itself. Of a system
    /// that we know nothing about we say so, because what cannot be undone must not seem undone.
    pub fn definitions_commit(self) -> bool {
        match self {
            System::Oracle | System::Hana | System::Mysql | System::Vertica | System::Other => true,
            System::SqlServer | System::Db2 | System::Postgres | System::Sqlite => false,
        }
    }

    /// How far to believe the driver about parameters.
    pub fn describes(self) -> Describes {
        match self {
            System::Postgres => Describes::Exactly,
            System::Mysql | System::Sqlite | System::Oracle => Describes::Never,
            _ => Describes::Vaguely,
        }
    }

    /// What a truth value is sent as where the driver does not say.
    pub fn truth(self) -> Truth {
        match self {
            System::Oracle => Truth::Text,
            System::SqlServer | System::Db2 | System::Mysql | System::Sqlite => Truth::Number,
            _ => Truth::Bit,
        }
    }

    /// True where whole numbers are decimals without decimal places.
    pub fn counts_in_decimals(self) -> bool {
        self == System::Oracle
    }

    /// True where moments are read as texts, because drivers have no other form of infinite ones, or
    /// because they are texts.
    pub fn shows_moments(self) -> bool {
        matches!(self, System::Postgres | System::Sqlite)
    }

    /// True where UUIDs are written in capitals.
    pub fn shouts_uuids(self) -> bool {
        self == System::SqlServer
    }

    /// True where dates are texts.
    pub fn writes_moments(self) -> bool {
        self == System::Sqlite
    }

    /// What to try as the least key of texts, the next one when a query finds nothing: the empty text
    /// is NULL on Oracle, on MariaDB no UUID compares with one that is none, and SQLite has numbers
    /// in columns of any type, which all come before texts.
    pub fn least_of_texts(self) -> &'static [Least] {
        match self {
            System::Oracle => &[Least::Text("\u{1}")],
            System::Mysql => &[
                Least::Text(""),
                Least::Text("00000000-0000-0000-0000-000000000000"),
            ],
            System::Sqlite => &[Least::Text(""), Least::Number],
            _ => &[Least::Text("")],
        }
    }

    /// The first year that every type of date has.
    pub fn first_year(self) -> i16 {
        match self {
            System::SqlServer => 1753,
            System::Mysql => 1000,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_known_by_what_its_driver_calls_it() {
        for (name, system) in [
            ("Microsoft SQL Server", System::SqlServer),
            ("DB2/LINUXX8664", System::Db2),
            ("HDB", System::Hana),
            ("Vertica Database", System::Vertica),
            ("PostgreSQL", System::Postgres),
            ("MariaDB", System::Mysql),
            ("SQLite", System::Sqlite),
            ("Acme", System::Other),
        ] {
            assert_eq!(System::named(name), system, "{name}");
        }
    }
}
