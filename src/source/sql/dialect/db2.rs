//! `db2`: IBM Db2, through ODBC.

use super::super::lexer::Lexicon;
use super::super::odbc::{Address, Keywords, System, Vendor};
use super::Registered;

inventory::submit! { Registered(&DB2) }

/// How Db2 quotes.
pub const LEXICON: Lexicon = Lexicon {
    nested_comments: true,
    named_parameters: ":",
    ..Lexicon::STANDARD
};

/// The dialect.
pub static DB2: Vendor = Vendor {
    scheme: "db2",
    doc: "IBM Db2, through ODBC: `dsn: db2://${USER}:${PASSWORD}@db.example:50000/APP`, or as Db2 writes it, `dsn: HOSTNAME=db.example;PORT=50000;DATABASE=APP;UID=${USER};PWD=${PASSWORD}`. The port is 50000 unless written. Not tested against a live server.",
    other_names: &["ibmdb2", "ibm_db", "go_ibm_db"],
    lexicon: &LEXICON,
    system: System::Db2,
    name: "IBM Db2",
    port: Some(50000),
    drivers: &["DB2"],
    install: "install IBM's `clidriver` (Data Server Driver for ODBC and CLI) and register its `libdb2o.so` as `DB2` in odbcinst.ini",
    database_param: None,
    param: |_, _| None,
    address,
};

fn address(address: &Address<'_>, keywords: &mut Keywords) {
    keywords.set("HOSTNAME", address.host());
    keywords.set_some("PORT", address.port.map(|port| port.to_string()));
    keywords.set("PROTOCOL", "TCPIP");
    keywords.set_some("DATABASE", address.database);
}
