//! `sqlserver`: Microsoft SQL Server and Azure SQL, through ODBC.

use super::super::lexer::Lexicon;
use super::super::odbc::{Address, Keywords, System, Vendor};
use super::Registered;

inventory::submit! { Registered(&SQLSERVER) }

/// How SQL Server quotes. ODBC drivers ask it to take double quotes for identifiers.
pub const LEXICON: Lexicon = Lexicon {
    brackets: true,
    doubled_brackets: true,
    nested_comments: true,
    named_parameters: "@",
    ..Lexicon::STANDARD
};

/// The dialect.
pub static SQLSERVER: Vendor = Vendor {
    scheme: "sqlserver",
    doc: "Microsoft SQL Server and Azure SQL, through ODBC: `dsn: sqlserver://${USER}:${PASSWORD}@db.example:1433?database=app`. The port is 1433 unless written, and left out for a named instance. Not tested against a live server.",
    other_names: &["mssql", "sql-server", "azuresql", "tds"],
    lexicon: &LEXICON,
    system: System::SqlServer,
    name: "SQL Server",
    port: Some(1433),
    drivers: &[
        "ODBC Driver 18 for SQL Server",
        "ODBC Driver 17 for SQL Server",
        "FreeTDS",
    ],
    install: "install Microsoft's driver (`msodbcsql18`) or FreeTDS (Debian: `tdsodbc`)",
    database_param: Some("database"),
    param,
    address,
};

/// The words of the Go driver, as those of ODBC drivers.
fn param(name: &str, value: &str) -> Option<(&'static str, String)> {
    let truth = match value.to_lowercase().as_str() {
        "true" | "1" => "yes".to_owned(),
        "false" | "disable" | "0" => "no".to_owned(),
        _ => value.to_owned(),
    };
    Some(match name {
        "instance" => ("@instance", value.to_owned()),
        "encrypt" => ("@encrypt", truth),
        "trustservercertificate" => ("TrustServerCertificate", truth),
        "hostnameincertificate" => ("HostNameInCertificate", value.to_owned()),
        "certificate" => ("ServerCertificate", value.to_owned()),
        "appname" => ("APP", value.to_owned()),
        _ => return None,
    })
}

fn address(address: &Address<'_>, keywords: &mut Keywords) {
    let instance = address.word("instance");
    let host = match instance {
        Some(instance) => format!("{}\\{instance}", address.host()),
        None => address.host().to_owned(),
    };
    let port = address.port.filter(|_| instance.is_none());
    let encrypt = address.word("encrypt");
    let is_free_tds = address.driver.contains("tds");
    match (is_free_tds, port) {
        (true, port) => {
            keywords.set("Server", host);
            keywords.set_some("Port", port.map(|port| port.to_string()));
            keywords.set("TDS_Version", "7.4");
            keywords.set("ClientCharset", "UTF-8");
        }
        (false, Some(port)) => keywords.set("Server", format!("tcp:{host},{port}")),
        (false, None) => keywords.set("Server", host),
    }
    keywords.set_some("Database", address.database);
    keywords.set("APP", "rolecall");
    match is_free_tds {
        true => keywords.set_some(
            "Encryption",
            encrypt.map(|encrypt| match encrypt {
                "yes" | "mandatory" => "require",
                "no" | "optional" => "off",
                other => other,
            }),
        ),
        false => keywords.set_some("Encrypt", encrypt),
    }
}
