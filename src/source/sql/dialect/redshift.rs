//! `redshift`: Amazon Redshift, which speaks PostgreSQL's protocol and grew out of PostgreSQL 8.0.

use std::sync::Arc;

use super::super::lexer::Lexicon;
use super::super::target::Target;
use super::postgres::{self, Flavour};
use super::{Dialect, Fold, Registered, Server, quoted};
use crate::config::CompileContext;

inventory::submit! { Registered(&REDSHIFT) }

/// How Redshift quotes: as PostgreSQL did before backslashes became ordinary.
pub const LEXICON: Lexicon = Lexicon {
    backslash_escapes: true,
    ..postgres::LEXICON
};

static REDSHIFT: Redshift = Redshift;

#[derive(Debug)]
struct Redshift;

impl Dialect for Redshift {
    fn scheme(&self) -> &'static str {
        "redshift"
    }

    fn doc(&self) -> &'static str {
        "Amazon Redshift: `dsn: redshift://${USER}:${PASSWORD}@acme.redshift.example:5439/app?sslmode=require`. The port is 5439 unless written. An addition of rolecall; not tested against a live server."
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["amazon-redshift", "aws-redshift"]
    }

    fn lexicon(&self) -> &'static Lexicon {
        &LEXICON
    }

    fn mark(&self, index: usize) -> String {
        format!("${}", index + 1)
    }

    fn longest_identifier(&self) -> Option<usize> {
        Some(127)
    }

    fn folds_names(&self) -> Option<Fold> {
        Some(Fold::Lower)
    }

    fn quote_identifier(&self, name: &str) -> String {
        quoted(name, '"')
    }

    fn server(&self, target: &Target, cx: &mut CompileContext) -> Option<Arc<dyn Server>> {
        postgres::server(Flavour::Redshift, target, cx)
    }
}
