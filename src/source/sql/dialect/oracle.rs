//! `oracle`: Oracle Database, through ODBC.

use super::super::lexer::Lexicon;
use super::super::odbc::{Address, Keywords, System, Vendor};
use super::Registered;

inventory::submit! { Registered(&ORACLE) }

/// How Oracle quotes.
pub const LEXICON: Lexicon = Lexicon {
    q_quotes: true,
    named_parameters: ":",
    ..Lexicon::STANDARD
};

/// The dialect.
pub static ORACLE: Vendor = Vendor {
    scheme: "oracle",
    doc: "Oracle Database, through ODBC: `dsn: oracle://${USER}:${PASSWORD}@db.example:1521/SERVICE`. The port is 1521 unless written; `params: {sid: X}` names a SID instead of a service. Not tested against a live server.",
    other_names: &["ora", "oracledb"],
    lexicon: &LEXICON,
    system: System::Oracle,
    name: "Oracle Database",
    port: Some(1521),
    drivers: &["Oracle"],
    install: "install the Oracle Instant Client with its ODBC package (`instantclient-basic`, `instantclient-odbc`) and register it with its `odbc_update_ini.sh`",
    database_param: None,
    param,
    address,
};

fn param(name: &str, value: &str) -> Option<(&'static str, String)> {
    Some(match name {
        "sid" => ("@sid", value.to_owned()),
        "ssl" => ("@ssl", value.to_lowercase()),
        _ => return None,
    })
}

fn address(address: &Address<'_>, keywords: &mut Keywords) {
    let encrypted = address
        .word("ssl")
        .is_some_and(|ssl| ssl == "true" || ssl == "1");
    let dbq = match address.word("sid") {
        Some(sid) => format!(
            "(DESCRIPTION=(ADDRESS=(PROTOCOL={})(HOST={})(PORT={}))(CONNECT_DATA=(SID={})))",
            if encrypted { "TCPS" } else { "TCP" },
            word(address.host()),
            address.port.unwrap_or(1521),
            word(sid)
        ),
        None => format!(
            "{}//{}/{}",
            if encrypted { "tcps:" } else { "" },
            address.host_and_port(),
            address.database.unwrap_or_default()
        ),
    };
    keywords.set("DBQ", dbq);
}

/// A word of a descriptor, which ends at a parenthesis.
fn word(text: &str) -> String {
    text.chars().filter(|c| !"()=\"' ".contains(*c)).collect()
}
