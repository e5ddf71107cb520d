//! `hdb`: SAP HANA, through ODBC.

use super::super::lexer::Lexicon;
use super::super::odbc::{Address, Keywords, System, Vendor};
use super::Registered;

inventory::submit! { Registered(&HDB) }

/// How SAP HANA quotes.
pub const LEXICON: Lexicon = Lexicon {
    named_parameters: ":",
    ..Lexicon::STANDARD
};

/// The dialect.
pub static HDB: Vendor = Vendor {
    scheme: "hdb",
    doc: "SAP HANA, through ODBC: `dsn: hdb://${USER}:${PASSWORD}@db.example:30015/TENANT`. The port is 30015 unless written. Not tested against a live server.",
    other_names: &["hana", "saphana", "sap-hana"],
    lexicon: &LEXICON,
    system: System::Hana,
    name: "SAP HANA",
    port: Some(30015),
    drivers: &["HDBODBC", "HANA"],
    install: "install the SAP HANA client and register its `libodbcHDB.so` as `HDBODBC` in odbcinst.ini",
    database_param: Some("databaseName"),
    // The path of a DSN that a parameter beats: only SQL Server has a use for it.
    param: |name, value| (name == "instance").then(|| ("@instance", value.to_owned())),
    address,
};

fn address(address: &Address<'_>, keywords: &mut Keywords) {
    keywords.set("ServerNode", address.host_and_port());
    keywords.set_some("DatabaseName", address.database);
}
