//! Rows of the catalog → tables.

use crate::draft::failure::DraftError;
use crate::expr::{Map, Value, to_text};
use crate::source::sql::SqlSource;

use super::queries;
use super::table::{Column, Reference, Table, checked, kind, texts};

/// The tables and views that may be read, in the order of their names.
pub(super) async fn tables(source: &SqlSource) -> Result<Vec<Table>, DraftError> {
    let questions = queries::of(source.scheme()).ok_or_else(|| {
        DraftError::Unreadable(format!("the catalog of `{}` is not read", source.scheme()))
    })?;
    let mut tables: Vec<Table> = Vec::new();
    for row in source.rows(questions.columns).await? {
        let (schema, name) = (text(&row, "schema_name"), text(&row, "table_name"));
        if tables
            .last()
            .is_none_or(|last| last.schema != schema || last.name != name)
        {
            tables.push(Table {
                schema,
                name,
                is_view: truth(&row, "is_view"),
                ..Table::default()
            });
        }
        let last = tables.last_mut().expect("one was just put there");
        last.columns.push(column(&row, source.scheme()));
    }
    for row in source.rows(questions.keys).await? {
        key(&row, &mut tables);
    }
    whole_references(&mut tables);
    if !questions.checks.is_empty() {
        for row in source.rows(questions.checks).await? {
            check(&row, source.scheme(), &mut tables);
        }
    }
    Ok(tables)
}

fn column(row: &Map, scheme: &str) -> Column {
    let (name, type_name) = (text(row, "column_name"), text(row, "type_name"));
    let (kind, format) = kind(&type_name, &name, scheme);
    let choices = match text(row, "choices") {
        listed if !listed.is_empty() => listed.split('\n').map(str::to_owned).collect(),
        _ if type_name.to_lowercase().starts_with("enum(") => texts(&type_name),
        _ => Vec::new(),
    };
    Column {
        name,
        kind,
        format,
        required: truth(row, "required"),
        choices,
    }
}

fn key(row: &Map, tables: &mut [Table]) {
    let Some(table) = find(row, tables) else {
        return;
    };
    let column = text(row, "column_name");
    match text(row, "kind").as_str() {
        "p" => table.key.push(column),
        "f" => table.references.push(Reference {
            // The name of the key stands here until keys of several columns are left out.
            schema: format!(
                "{}\n{}",
                text(row, "constraint_name"),
                text(row, "to_schema")
            ),
            table: text(row, "to_table"),
            to: text(row, "to_column"),
            column,
        }),
        _ => {}
    }
}

/// Keeps the foreign keys of one column: those of several name no single thing.
fn whole_references(tables: &mut [Table]) {
    for table in tables {
        let names: Vec<String> = table
            .references
            .iter()
            .map(|found| found.schema.clone())
            .collect();
        table
            .references
            .retain(|found| names.iter().filter(|name| **name == found.schema).count() == 1);
        for found in &mut table.references {
            if let Some((_, schema)) = found.schema.split_once('\n') {
                found.schema = schema.to_owned();
            }
        }
    }
}

fn check(row: &Map, scheme: &str, tables: &mut [Table]) {
    let Some(table) = find(row, tables) else {
        return;
    };
    let (column, definition) = (text(row, "column_name"), text(row, "definition"));
    let allowed = match scheme {
        "sqlite" => checked(&definition, &column),
        _ if definition.contains("ANY") || definition.contains(" = '") => texts(&definition),
        _ => Vec::new(),
    };
    let found = table.columns.iter_mut().find(|found| found.name == column);
    if let Some(found) = found.filter(|found| found.choices.is_empty()) {
        found.choices = allowed;
    }
}

fn find<'t>(row: &Map, tables: &'t mut [Table]) -> Option<&'t mut Table> {
    let (schema, name) = (text(row, "schema_name"), text(row, "table_name"));
    tables
        .iter_mut()
        .find(|table| table.schema == schema && table.name == name)
}

fn text(row: &Map, column: &str) -> String {
    let value = row.get(column);
    value
        .and_then(|value| to_text(value).ok().flatten())
        .unwrap_or_default()
}

fn truth(row: &Map, column: &str) -> bool {
    match row.get(column) {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::Int(number)) => *number != 0,
        Some(Value::UInt(number)) => *number != 0,
        _ => false,
    }
}
