//! Which tables are resource types, and what the draft says of them.

use crate::draft::connector::{Draft, DraftListing, DraftType};
use crate::draft::failure::DraftError;
use crate::draft::guess::{
    Guess, Kind, Language, Mapped, Noun, Sure, identifier, joined, map, noun, singular, title,
    variable, words,
};
use crate::draft::wish::Wish;
use crate::source::sql::SqlSource;

use super::address::Address;
use super::join;
use super::table::Table;

/// A table that is a resource type.
pub(super) struct Entity<'t> {
    pub table: &'t Table,
    pub id: String,
    pub noun: Noun,
    pub sure: Sure,
    pub mapped: Mapped,
}

/// The draft for a database.
pub(super) fn draft(
    address: &Address,
    source: &SqlSource,
    tables: &[Table],
    wish: &Wish,
) -> Result<Draft, DraftError> {
    wish.check(tables.iter().map(|table| table.name.as_str()))?;
    let mut notes = Vec::new();
    let entities = entities(tables, wish, &mut notes);
    if entities.is_empty() {
        return Err(DraftError::Nothing {
            there: tables.iter().map(Table::shown).collect(),
        });
    }
    let name = wish.name.clone().unwrap_or_else(|| address.name());
    let (connect, variables) = address.section(&variable(&name));
    let types = join::types(source, tables, entities, &mut notes);
    Ok(Draft {
        origin: format!(
            "the catalog of {} ({} tables)",
            address.name(),
            tables.len()
        ),
        name: title(&name),
        description: None,
        language: Language::Sql,
        vars: crate::draft::yaml::Section::new(),
        connect,
        pagination: None,
        types,
        todos: (!address.is_file())
            .then(|| {
                "Let the connector sign in as somebody who may read these tables and nothing else"
                    .to_owned()
            })
            .into_iter()
            .collect(),
        notes,
        variables,
    })
}

/// Words that say nothing about what a table holds.
const NOISE: &[&str] = &[
    "tbl", "tab", "table", "entity", "data", "list", "t", "tb", "master", "mst", "dim", "info",
    "core", "sys", "dbo",
];

/// The words of a table's name, without those that all tables share.
fn own_words(table: &Table, shared: Option<&str>) -> Vec<String> {
    let mut own = words(&table.name);
    if own.len() > 1 && own.first().map(String::as_str) == shared {
        own.remove(0);
    }
    let kept: Vec<String> = own
        .iter()
        .filter(|word| !NOISE.contains(&word.as_str()))
        .cloned()
        .collect();
    let mut own = if kept.is_empty() { own } else { kept };
    if let Some(last) = own.last_mut() {
        *last = singular(last);
    }
    own
}

/// A first word that the names of most tables have in common: `wp_`, `auth_`.
fn shared_word(tables: &[Table]) -> Option<String> {
    let firsts: Vec<String> = tables
        .iter()
        .filter_map(|table| words(&table.name).into_iter().next())
        .collect();
    let first = firsts
        .iter()
        .max_by_key(|first| firsts.iter().filter(|other| other == first).count())?;
    let count = firsts.iter().filter(|other| *other == first).count();
    let is_noun = noun(std::slice::from_ref(first)).is_some();
    (count >= 3 && count * 5 >= tables.len() * 4 && !is_noun).then(|| first.clone())
}

fn entities<'t>(tables: &'t [Table], wish: &Wish, notes: &mut Vec<String>) -> Vec<Entity<'t>> {
    let shared = shared_word(tables);
    let mut found: Vec<Entity<'t>> = Vec::new();
    for table in tables {
        let own = own_words(table, shared.as_deref());
        let named = wish.names(&table.name);
        if !wish.only.is_empty() && !named {
            continue;
        }
        let (noun, sure) = match noun(&own) {
            Some(known) => known,
            None if named => (Noun::Thing, Sure::Guess),
            None => continue,
        };
        let Some(mapped) = map(&table.shape(), Language::Sql, noun) else {
            notes.push(format!(
                "`{}`: none of its columns could be an id",
                table.shown()
            ));
            continue;
        };
        let id = identifier(&own);
        found.push(Entity {
            table,
            id,
            noun,
            sure,
            mapped,
        });
    }
    let joins: Vec<bool> = found
        .iter()
        .map(|entity| !wish.names(&entity.table.name) && is_join(entity.table, &found))
        .collect();
    let mut joins = joins.into_iter();
    found.retain(|_| !joins.next().unwrap_or(false));
    // Where there are tables of people for sure, those that only might be are named, not taken.
    let likely: Vec<Noun> = found
        .iter()
        .filter(|entity| entity.sure != Sure::Guess)
        .map(|entity| entity.noun)
        .collect();
    found.retain(|entity| {
        let surplus = entity.sure == Sure::Guess && likely.contains(&entity.noun)
            || entity.table.is_view && likely.contains(&entity.noun);
        let taken = !surplus || wish.names(&entity.table.name);
        if !taken {
            notes.push(format!(
                "`{}` may be {} too: `--only` takes it",
                entity.table.shown(),
                entity.noun.phrase()
            ));
        }
        taken
    });
    found.sort_by(|a, b| (a.noun.rank(), &a.id).cmp(&(b.noun.rank(), &b.id)));
    rename_doubles(&mut found);
    found
}

/// True for a table that says which of two other things belong together.
fn is_join(table: &Table, among: &[Entity<'_>]) -> bool {
    let others: Vec<&Entity<'_>> = among
        .iter()
        .filter(|entity| !std::ptr::eq(entity.table, table))
        .collect();
    let references = join::references(table, &others);
    let is_named = table.columns.iter().any(|column| {
        [
            "name",
            "email",
            "username",
            "login",
            "displayname",
            "fullname",
            "title",
        ]
        .contains(&joined(&column.name).as_str())
    });
    references.len() >= 2 && !is_named
}

/// Two tables may be of one name, in two schemas or but for a prefix.
fn rename_doubles(found: &mut [Entity<'_>]) {
    for index in 1..found.len() {
        let (before, rest) = found.split_at_mut(index);
        let own = &mut rest[0];
        let is_taken = |id: &str| before.iter().any(|other| other.id == id);
        if is_taken(&own.id) {
            let mut longer = words(&own.table.schema);
            longer.extend(words(&own.table.name));
            let longer = identifier(&longer);
            let numbered = (2..).map(|number| format!("{}_{number}", own.id));
            let mut names = std::iter::once(longer).chain(numbered);
            own.id = names
                .find(|name| !is_taken(name))
                .expect("numbers do not end");
        }
    }
}

impl Entity<'_> {
    /// The resource type, without its grants.
    pub(super) fn into_type(self, source: &SqlSource) -> DraftType {
        let mut columns = self.mapped.columns();
        if let [key] = self.table.key.as_slice()
            && !columns.contains(key)
        {
            columns.insert(0, key.clone());
        }
        let list: DraftListing = super::sql::list(source, self.table, &columns);
        let mut todos = Vec::new();
        if self.table.key.is_empty() && !self.table.is_view {
            todos.push(format!(
                "`{}` has no primary key: is its id one of a kind",
                self.table.shown()
            ));
        }
        let left_out = self
            .table
            .columns
            .iter()
            .any(|column| matches!(column.kind, Kind::Object(_)));
        if left_out && self.noun == Noun::Person {
            todos.push(
                "a column of JSON may hold more: `parse_json(string(.column))` reads it".to_owned(),
            );
        }
        let what = format!(
            "table `{}`, named like {}",
            self.table.shown(),
            self.noun.phrase()
        );
        let why = match self.sure {
            Sure::Guess => Guess::doubtful(what),
            _ => Guess::likely(what),
        };
        DraftType {
            id: self.id,
            noun: self.noun,
            why,
            parent: None,
            list,
            mapped: self.mapped,
            grants: Vec::new(),
            todos,
        }
    }
}
