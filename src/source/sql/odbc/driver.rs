//! Which of the installed drivers speaks a dialect.

use odbc_api::Environment;

use super::Settings;
use super::failure::Failure;
use crate::diagnostic::list;
use crate::source::SourceError;

/// The driver to connect with; `None` when a data source names it.
pub fn choose(environment: &Environment, settings: &Settings) -> Result<Option<String>, Failure> {
    if settings.data_source.is_some() {
        return Ok(None);
    }
    let installed: Vec<String> = environment
        .drivers()?
        .into_iter()
        .map(|driver| driver.description)
        .collect();
    let found = match &settings.driver {
        Some(written) => named(written, &installed),
        None => matching(settings.vendor.drivers, &installed),
    };
    found
        .map(Some)
        .ok_or_else(|| absent(settings, &installed).into())
}

/// The driver of a name, as it is registered. A path names the library itself.
fn named(written: &str, installed: &[String]) -> Option<String> {
    let mut drivers = installed.iter();
    let known = drivers.find(|name| name.eq_ignore_ascii_case(written));
    known.cloned().or_else(|| {
        let is_file = written.contains('/') && std::path::Path::new(written).is_file();
        is_file.then(|| written.to_owned())
    })
}

/// The first installed driver whose name has one of the words, the words in order.
fn matching(words: &[&str], installed: &[String]) -> Option<String> {
    words.iter().find_map(|word| {
        let word = word.to_lowercase();
        let mut drivers = installed.iter();
        drivers
            .find(|name| name.to_lowercase().contains(&word))
            .cloned()
    })
}

fn absent(settings: &Settings, installed: &[String]) -> SourceError {
    let vendor = settings.vendor;
    let wanted = match &settings.driver {
        Some(written) => format!("there is no ODBC driver `{written}`"),
        None => format!("there is no ODBC driver for {}", vendor.name),
    };
    let known = match installed {
        [] => "unixODBC knows no driver".to_owned(),
        installed => format!("unixODBC knows {}", list(installed)),
    };
    SourceError::Invalid(format!(
        "{wanted}: {}, or write the name of an installed one as `params: {{driver: NAME}}`; {known}",
        vendor.install
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_installed_driver_is_taken() {
        let installed = ["SQLite3", "FreeTDS", "ODBC Driver 17 for SQL Server"].map(str::to_owned);
        let words = [
            "ODBC Driver 18 for SQL Server",
            "ODBC Driver 17 for SQL Server",
            "FreeTDS",
        ];
        let found = matching(&words, &installed);
        assert_eq!(found.as_deref(), Some("ODBC Driver 17 for SQL Server"));
        assert_eq!(matching(&["Oracle"], &installed), None);
        assert_eq!(named("sqlite3", &installed).as_deref(), Some("SQLite3"));
        assert_eq!(named("/none/such.so", &installed), None);
    }
}
