//! Columns of people that name what they belong to → grants.

use serde_json::{Value as Json, json};

use crate::draft::connector::{DraftGrant, DraftGrants, DraftListing, DraftType};
use crate::draft::guess::{
    Field, Guess, Kind, Language, Noun, Reading, Shape, Sure, cel_text, joined, map, text_of,
};
use crate::draft::yaml::Section;
use crate::source::sql::SqlSource;

use super::entity::Entity;
use super::join::Named;
use super::sql;
use super::table::{Column, Table};

/// A column of a table of people that names a group or a role.
pub(super) fn direct(
    own: usize,
    named: &[Named],
    entities: &[&Entity<'_>],
    source: &SqlSource,
) -> Vec<(usize, DraftGrants, Vec<String>)> {
    let holder = entities[own];
    let [key] = holder.table.key.as_slice() else {
        return Vec::new();
    };
    let is_held = |named: &&Named| {
        let noun = entities[named.entity].noun;
        named.entity != own && noun != Noun::Person && holder.noun == Noun::Person
    };
    let grants = named.iter().filter(is_held).map(|named| {
        let column = &named.column;
        let resource = sample_id(holder.table, column, "r1");
        let principal = sample_id(holder.table, key, "p1");
        let record = json!({ (key.as_str()): principal, (column.as_str()): resource });
        let required = holder
            .table
            .column(column)
            .is_some_and(|column| column.required);
        let conditions = match required {
            true => Vec::new(),
            false => vec![format!("{} IS NOT NULL", sql::name(source, column))],
        };
        let expect = Some(text_of(&principal));
        let mapping = grant(entities[named.entity], holder, column, key, None, expect);
        let what = format!("`{column}` of table `{}`", holder.table.shown());
        let grants = DraftGrants {
            why: match named.sure {
                Sure::Certain => Guess::sure(format!("{what} is a foreign key")),
                _ => Guess::likely(format!("{what}, by its name")),
            },
            list: sql::grants(source, holder.table, &[column, key], &conditions),
            mappings: vec![mapping],
            sample: Some((record, text_of(&resource))),
        };
        (named.entity, grants, Vec::new())
    });
    grants.collect()
}

/// Roles that are only words in a column of the people.
pub(super) fn text_roles(entities: &[&Entity<'_>], source: &SqlSource) -> Option<DraftType> {
    let is_role = |column: &&Column| {
        ["role", "userrole", "rolename", "accesslevel"].contains(&joined(&column.name).as_str())
            && matches!(column.kind, Kind::Text | Kind::Unknown)
    };
    let people = entities.iter().filter(|entity| entity.noun == Noun::Person);
    let (people, column) = people
        .filter_map(|entity| Some((entity, entity.table.columns.iter().find(is_role)?)))
        .next()?;
    let [key] = people.table.key.as_slice() else {
        return None;
    };
    let name = sql::name(source, &column.name);
    let table = sql::table(source, people.table);
    let shape = Shape::of(Kind::Object(vec![Field {
        name: column.name.clone(),
        shape: Shape::of(Kind::Text),
        required: true,
        key: true,
    }]));
    let mapped = map(&shape, Language::Sql, Noun::Role)?;
    let query = format!(
        "SELECT DISTINCT {name}\nFROM {table}\nWHERE {name} IS NOT NULL\nORDER BY {name}\n"
    );
    let principal = sample_id(people.table, key, "p1");
    let record = json!({ (key.as_str()): principal, (column.name.as_str()): "admin" });
    let value = reading(&column.name);
    let mapping = DraftGrant {
        entitlement: ("assigned".to_owned(), "assignment"),
        principal: people.id.clone(),
        principal_id: reading(key),
        resource_id: Some(value),
        skip_if: None,
        expands: None,
        expect: Some(text_of(&principal)),
    };
    let conditions = [format!("{name} IS NOT NULL")];
    Some(DraftType {
        id: "role".to_owned(),
        noun: Noun::Role,
        why: Guess::doubtful(format!(
            "the words in `{}` of table `{}`",
            column.name,
            people.table.shown()
        )),
        parent: None,
        list: DraftListing {
            asks: Section::new().with("query", query),
            ..Default::default()
        },
        mapped,
        grants: vec![DraftGrants {
            why: Guess::doubtful(format!(
                "`{}` of table `{}`",
                column.name,
                people.table.shown()
            )),
            list: sql::grants(source, people.table, &[&column.name, key], &conditions),
            mappings: vec![mapping],
            sample: Some((record, "admin".to_owned())),
        }],
        todos: Vec::new(),
    })
}

/// A grant of what one has who belongs to a thing.
pub(super) fn grant(
    held: &Entity<'_>,
    holder: &Entity<'_>,
    held_column: &str,
    holder_column: &str,
    skip_if: Option<String>,
    expect: Option<String>,
) -> DraftGrant {
    let (entitlement, _, purpose) = held.noun.standing();
    let principal_id = reading(holder_column);
    let expands = (holder.noun != Noun::Person).then(|| {
        let (inner, _, _) = holder.noun.standing();
        let (before, after) = (
            cel_text(&format!("{}:", holder.id)),
            cel_text(&format!(":{inner}")),
        );
        format!("{before} + string({principal_id}) + {after}")
    });
    DraftGrant {
        entitlement: (entitlement.to_owned(), purpose),
        principal: holder.id.clone(),
        principal_id,
        resource_id: Some(reading(held_column)),
        skip_if,
        expands,
        expect,
    }
}

/// The CEL of a column.
pub(super) fn reading(column: &str) -> String {
    let field = Field {
        name: column.to_owned(),
        ..Field::default()
    };
    Reading::of(Language::Sql, &[&field]).value
}

/// The id of a thing in the sample, by the type of the column.
pub(super) fn sample_id(table: &Table, column: &str, text: &str) -> Json {
    match table.column(column).map(|column| &column.kind) {
        Some(Kind::Integer | Kind::Number | Kind::Bit) => json!(1),
        _ => json!(text),
    }
}
