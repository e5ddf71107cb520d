//! The queries of a draft.

use crate::config::is_bare_word;
use crate::draft::connector::DraftListing;
use crate::draft::guess::{Guess, Kind};
use crate::draft::yaml::Section;
use crate::source::sql::SqlSource;

use super::table::Table;

/// Words that some of the systems take for their own.
const RESERVED: &str = "\
    user users group groups order select from where table role rank system rows row key keys \
    index primary references grant all and or not null is in as by on to desc asc check column \
    default end case when then else limit offset union with values value like left right full \
    inner outer join cross natural using having distinct create drop alter delete update insert \
    into set for function exists between collate constraint foreign unique current current_user \
    session_user database schema read write window over recursive leading trailing both any some \
    array analyze authorization binary cast concurrently deferrable do except false true fetch \
    freeze ilike initially intersect isnull lateral localtime localtimestamp notnull only \
    overlaps placing returning similar symmetric tablesample variadic verbose interval range \
    option condition lead lag rename replace release require resignal restrict return revoke \
    usage use virtual zerofill change character char int integer number date time timestamp \
    manual admin level member external escape each exit explain float force if ignore infile \
    kill linear lines load lock long loop match mod modifies optimize out outfile partition \
    precision procedure purge reads real regexp repeat signal specific sql ssl starting stored \
    straight_join terminated trigger undo unlock unsigned varying while xor abort action add \
    after attach before begin commit conflict detach fail glob indexed instead no of plan pragma \
    query raise reindex rollback savepoint temp temporary transaction vacuum view without empty \
    first_value grouping cube cume_dist dense_rank json_table last_value nth_value ntile \
    percent_rank row_number describe div dual elseif enclosed get \
";

/// A name as SQL has it: as it is where every system reads it so, in quotes elsewhere.
pub(super) fn name(source: &SqlSource, name: &str) -> String {
    let plain = is_bare_word(name) && !name.contains(|c: char| c.is_ascii_uppercase());
    match plain && !RESERVED.split_whitespace().any(|word| word == name) {
        true => name.to_owned(),
        false => source.quoted(name),
    }
}

/// A table with its schema, where that has to be said.
pub(super) fn table(source: &SqlSource, of: &Table) -> String {
    match of.schema.as_str() {
        "" | "public" => name(source, &of.name),
        schema => format!("{}.{}", name(source, schema), name(source, &of.name)),
    }
}

/// A column as it is selected: bytes as text that people can read.
pub(super) fn column(source: &SqlSource, of: &Table, column: &str) -> String {
    let quoted = name(source, column);
    let is_bytes = of
        .column(column)
        .is_some_and(|column| column.kind == Kind::Bytes);
    match (is_bytes, source.scheme()) {
        (false, _) => quoted,
        (true, "postgres") => format!("encode({quoted}, 'hex') AS {quoted}"),
        (true, _) => format!("LOWER(HEX({quoted})) AS {quoted}"),
    }
}

/// The query of a list, paged where the table has a key to page by.
pub(super) fn list(source: &SqlSource, of: &Table, columns: &[String]) -> DraftListing {
    let selected: Vec<String> = columns
        .iter()
        .map(|each| column(source, of, each))
        .collect();
    let mut query = format!(
        "SELECT {}\nFROM {}\n",
        wrapped(&selected),
        table(source, of)
    );
    let mut asks = Section::new();
    let mut pagination = None;
    let key = match of.key.as_slice() {
        [key] => of
            .column(key)
            .filter(|key| !matches!(key.kind, Kind::Bytes | Kind::Moment)),
        _ => None,
    };
    match key.filter(|_| !of.is_view) {
        Some(key) => {
            let key_name = name(source, &key.name);
            query.push_str(&format!(
                "WHERE {key_name} > ?<cursor>\nORDER BY {key_name}\nLIMIT ?<limit>\n"
            ));
            asks.put("query", query);
            let section = Section::new()
                .with("strategy", "cursor")
                .with("primary_key", key.name.as_str())
                .with("page_size", 500_u32);
            pagination = Some((section, Guess::sure("by the primary key")));
        }
        None => asks.put("query", query),
    }
    DraftListing {
        asks,
        pagination,
        response: Section::new(),
    }
}

/// A query for the grants of all resources, which is read in one go.
pub(super) fn grants(
    source: &SqlSource,
    of: &Table,
    columns: &[&str],
    conditions: &[String],
) -> DraftListing {
    let selected: Vec<String> = columns
        .iter()
        .map(|each| column(source, of, each))
        .collect();
    let mut query = format!(
        "SELECT {}\nFROM {}\n",
        selected.join(", "),
        table(source, of)
    );
    if !conditions.is_empty() {
        query.push_str(&format!("WHERE {}\n", conditions.join("\n  AND ")));
    }
    DraftListing {
        asks: Section::new().with("query", query),
        ..DraftListing::default()
    }
}

/// Columns on lines that are not too long.
fn wrapped(columns: &[String]) -> String {
    let mut text = String::new();
    let mut width = "SELECT ".len();
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            text.push(',');
            width += 2;
            if width + column.len() > 95 {
                text.push_str("\n       ");
                width = "SELECT ".len();
            } else {
                text.push(' ');
            }
        }
        text.push_str(column);
        width += column.len();
    }
    text
}
