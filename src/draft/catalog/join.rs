//! Tables that name two things, and columns that name another → grants.

use serde_json::{Value as Json, json};

use crate::draft::connector::{DraftGrant, DraftGrants, DraftType};
use crate::draft::guess::{
    Guess, Kind, Noun, Sure, cel_text, identifier, joined, noun, singular, text_of, words,
};
use crate::source::sql::SqlSource;

use super::direct::{direct, grant, reading, sample_id, text_roles};
use super::entity::Entity;
use super::sql;
use super::table::{Column, Table};

/// A column that names a thing of another table.
pub(super) struct Named {
    pub column: String,
    /// Which of the entities.
    pub entity: usize,
    pub sure: Sure,
}

/// The columns of a table that name entities: by foreign key, or by name.
pub(super) fn references(table: &Table, entities: &[&Entity<'_>]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for column in &table.columns {
        let declared = table
            .references
            .iter()
            .find(|reference| reference.column == column.name);
        let named = match declared {
            Some(reference) => entities.iter().position(|entity| {
                let to = entity.table;
                let is_key = reference.to.is_empty() || to.key == [reference.to.as_str()];
                // A reference of SQLite and MySQL names no schema.
                let is_table = to.name == reference.table
                    && (reference.schema.is_empty() || to.schema == reference.schema);
                is_table && is_key
            }),
            None => by_name(column, entities),
        };
        let sure = if declared.is_some() {
            Sure::Certain
        } else {
            Sure::Guess
        };
        found.extend(named.map(|entity| Named {
            column: column.name.clone(),
            entity,
            sure,
        }));
    }
    found
}

/// `user_id` and `userId` name a user, `member_id` somebody.
fn by_name(column: &Column, entities: &[&Entity<'_>]) -> Option<usize> {
    let mut stem = words(&column.name);
    if stem.len() < 2 || !["id", "uuid", "guid", "fk", "no"].contains(&stem.last()?.as_str()) {
        return None;
    }
    stem.pop();
    let stem: Vec<String> = stem.iter().map(|word| singular(word)).collect();
    let plain = stem.concat();
    let exact = entities.iter().position(|entity| {
        joined(&entity.id) == plain
            || entity.id.split('_').next_back() == stem.last().map(String::as_str)
    });
    exact.or_else(|| {
        let (noun, _) = noun(&stem)?;
        let mut same = entities
            .iter()
            .enumerate()
            .filter(|(_, entity)| entity.noun == noun);
        let first = same.next()?;
        // Which of several, nobody could say.
        same.next().is_none().then_some(first.0)
    })
}

/// The types with the grants on them.
pub(super) fn types(
    source: &SqlSource,
    tables: &[Table],
    entities: Vec<Entity<'_>>,
    notes: &mut Vec<String>,
) -> Vec<DraftType> {
    let all: Vec<&Entity<'_>> = entities.iter().collect();
    let mut on: Vec<(usize, DraftGrants, Vec<String>)> = Vec::new();
    for table in tables {
        let own = all
            .iter()
            .position(|entity| std::ptr::eq(entity.table, table));
        let named = references(table, &all);
        match own {
            None if named.len() >= 2 => match Join::of(table, &named, &all, source) {
                Some(grants) => on.push(grants),
                None => notes.push(format!(
                    "`{}` joins things, and not in a way that says who has what",
                    table.shown()
                )),
            },
            None => {}
            Some(own) => on.extend(direct(own, &named, &all, source)),
        }
    }
    let has_roles = all.iter().any(|entity| entity.noun == Noun::Role);
    let roles = (!has_roles).then(|| text_roles(&all, source)).flatten();
    let mut types: Vec<DraftType> = entities
        .into_iter()
        .map(|entity| entity.into_type(source))
        .collect();
    for (index, grants, todos) in on {
        types[index].grants.push(grants);
        types[index].todos.extend(todos);
    }
    types.extend(roles);
    for each in types.iter_mut().filter(|each| each.grants.is_empty()) {
        if !matches!(each.noun, Noun::Person | Noun::Thing) {
            each.todos
                .push("no table says who has it: add its entitlements and grants".to_owned());
        }
    }
    types.sort_by_key(|each| each.noun.rank());
    types
}

/// A table that joins a holder and what is held.
struct Join<'j> {
    table: &'j Table,
    source: &'j SqlSource,
    holder: &'j Named,
    held: &'j Named,
    entities: &'j [&'j Entity<'j>],
    columns: Vec<String>,
    conditions: Vec<String>,
    todos: Vec<String>,
    sample: serde_json::Map<String, Json>,
}

impl<'j> Join<'j> {
    fn of(
        table: &'j Table,
        named: &'j [Named],
        entities: &'j [&'j Entity<'j>],
        source: &'j SqlSource,
    ) -> Option<(usize, DraftGrants, Vec<String>)> {
        let rank = |named: &&Named| entities[named.entity].noun.rank();
        let mut holder = named.iter().min_by_key(rank)?;
        let mut held = named
            .iter()
            .filter(|each| {
                each.column != holder.column && entities[each.entity].noun != Noun::Person
            })
            .max_by_key(|each| rank(each))?;
        if holder.entity == held.entity {
            let is_outer = |named: &Named| {
                let words = words(&named.column);
                ["parent", "outer", "container", "super"]
                    .iter()
                    .any(|outer| words.iter().any(|word| word == outer))
            };
            let is_inner = |named: &Named| {
                let words = words(&named.column);
                ["child", "inner", "member", "sub", "nested"]
                    .iter()
                    .any(|inner| words.iter().any(|word| word == inner))
            };
            if is_outer(holder) || is_inner(held) {
                std::mem::swap(&mut holder, &mut held);
            }
            if !is_outer(held) && !is_inner(holder) {
                return None;
            }
        }
        let mut join = Join {
            table,
            source,
            holder,
            held,
            entities,
            columns: vec![held.column.clone(), holder.column.clone()],
            conditions: Vec::new(),
            todos: Vec::new(),
            sample: serde_json::Map::new(),
        };
        Some((held.entity, join.grants(named), join.todos))
    }

    fn grants(&mut self, named: &[Named]) -> DraftGrants {
        let (held, holder) = (self.held.column.clone(), self.holder.column.clone());
        let resource = sample_id(self.table, &held, "r1");
        let principal = sample_id(self.table, &holder, "p1");
        self.sample.insert(held.clone(), resource.clone());
        self.sample.insert(holder.clone(), principal.clone());
        let base = self.mapping(self.holder.entity, None, Some(text_of(&principal)));
        let mut mappings = self.kinds(&base).unwrap_or_else(|| vec![base.clone()]);
        let mut further = self.further(&base);
        mappings.append(&mut further);
        self.conditions();
        for other in named {
            if other.column != held && other.column != holder {
                self.todos.push(format!(
                    "`{}` also names a {} (`{}`), which is not told",
                    self.table.shown(),
                    self.entities[other.entity].id,
                    other.column
                ));
            }
        }
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let list = sql::grants(self.source, self.table, &columns, &self.conditions);
        let what = format!(
            "table `{}` joins `{held}` and `{holder}`",
            self.table.shown()
        );
        let why = match self.held.sure.max(self.holder.sure) {
            Sure::Certain => Guess::sure(format!("{what} by foreign keys")),
            _ => Guess::likely(format!("{what}, by the names of its columns")),
        };
        DraftGrants {
            why,
            list,
            mappings,
            sample: Some((Json::Object(self.sample.clone()), text_of(&resource))),
        }
    }

    fn mapping(
        &self,
        holder: usize,
        skip_if: Option<String>,
        expect: Option<String>,
    ) -> DraftGrant {
        let (held, holder) = (self.entities[self.held.entity], self.entities[holder]);
        grant(
            held,
            holder,
            &self.held.column,
            &self.holder.column,
            skip_if,
            expect,
        )
    }

    /// Whether a column beside that of the holder says what the holder is.
    fn kinds(&mut self, base: &DraftGrant) -> Option<Vec<DraftGrant>> {
        let mut stem = words(&self.holder.column);
        stem.pop();
        let kinds = ["kind", "type"].map(|word| format!("{}{word}", stem.concat()));
        let column = self
            .table
            .columns
            .iter()
            .find(|column| kinds.contains(&joined(&column.name)))?;
        self.columns.insert(1, column.name.clone());
        let mut mappings = Vec::new();
        for choice in &column.choices {
            let kind = noun(&words(choice)).map(|(noun, _)| noun);
            let entity = self
                .entities
                .iter()
                .position(|entity| joined(&entity.id) == joined(choice))
                .or_else(|| {
                    self.entities
                        .iter()
                        .position(|entity| Some(entity.noun) == kind)
                });
            let Some(entity) = entity else {
                self.todos.push(format!(
                    "`{}` may be {choice}, which is no type here",
                    column.name
                ));
                continue;
            };
            let skip_if = format!("{} != {}", reading(&column.name), cel_text(choice));
            let is_first = mappings.is_empty();
            if is_first {
                self.sample.insert(column.name.clone(), json!(choice));
            }
            let expect = base.expect.clone().filter(|_| is_first);
            mappings.push(self.mapping(entity, Some(skip_if), expect));
        }
        if mappings.is_empty() {
            self.todos.push(format!(
                "`{}` says what `{}` is: give each kind a mapping, with a `skip_if` for the others",
                column.name, self.holder.column
            ));
            let text = json!("user");
            self.sample.insert(column.name.clone(), text);
            return None;
        }
        Some(mappings)
    }

    /// Columns that say as what somebody belongs to it.
    fn further(&mut self, base: &DraftGrant) -> Vec<DraftGrant> {
        const FLAGS: &[&str] = &[
            "owner",
            "admin",
            "leader",
            "lead",
            "manager",
            "maintainer",
            "moderator",
            "chair",
        ];
        const ROLES: &[&str] = &[
            "role",
            "level",
            "accesslevel",
            "memberrole",
            "membershiprole",
            "access",
            "rolename",
        ];
        const PLAIN: &[&str] = &[
            "member", "user", "regular", "standard", "normal", "default", "none",
        ];
        let mut further = Vec::new();
        let mut add = |entitlement: String, skip_if: String, expect: Option<String>| {
            if further.len() < 12 && entitlement != base.entitlement.0 {
                further.push(DraftGrant {
                    entitlement: (entitlement, "permission"),
                    skip_if: Some(skip_if),
                    expect,
                    ..base.clone()
                });
            }
        };
        let named = [&self.held.column, &self.holder.column];
        for column in &self.table.columns {
            if named.contains(&&column.name) {
                continue;
            }
            let plain = joined(&column.name);
            let bare = plain.strip_prefix("is").unwrap_or(&plain).to_owned();
            let value = reading(&column.name);
            if FLAGS.contains(&bare.as_str()) && matches!(column.kind, Kind::Truth | Kind::Bit) {
                let is_bit = column.kind == Kind::Bit;
                self.columns.push(column.name.clone());
                self.sample.insert(
                    column.name.clone(),
                    if is_bit { json!(0) } else { json!(false) },
                );
                let skip_if = match is_bit {
                    true => format!("!({value} in [1, true])"),
                    false => format!("{value} != true"),
                };
                add(bare, skip_if, None);
            } else if ROLES.contains(&plain.as_str()) && column.choices.is_empty() {
                self.todos.push(format!(
                    "`{}.{}` says as what: make each of its values an entitlement, with a `skip_if` for the others",
                    self.table.shown(),
                    column.name
                ));
            } else if ROLES.contains(&plain.as_str()) {
                let is_plain = |choice: &&String| PLAIN.contains(&joined(choice).as_str());
                let sample = column
                    .choices
                    .iter()
                    .find(is_plain)
                    .unwrap_or(&column.choices[0]);
                self.columns.push(column.name.clone());
                self.sample.insert(column.name.clone(), json!(sample));
                for choice in column.choices.iter().filter(|choice| !is_plain(choice)) {
                    let expect = base.expect.clone().filter(|_| choice == sample);
                    add(
                        identifier(&words(choice)),
                        format!("{value} != {}", cel_text(choice)),
                        expect,
                    );
                }
            }
        }
        further
    }

    /// Leaves out rows that are over, and those that name nobody.
    fn conditions(&mut self) {
        for column in [&self.held.column, &self.holder.column] {
            if self
                .table
                .column(column)
                .is_some_and(|column| !column.required)
            {
                self.conditions
                    .push(format!("{} IS NOT NULL", sql::name(self.source, column)));
            }
        }
        for column in &self.table.columns {
            let plain = joined(&column.name);
            let is_end = ["deletedat", "revokedat", "removedat", "leftat", "endedat"]
                .contains(&plain.as_str());
            if is_end && !column.required {
                self.conditions
                    .push(format!("{} IS NULL", sql::name(self.source, &column.name)));
            } else if ["expiresat", "validto", "validuntil", "enddate"].contains(&plain.as_str()) {
                self.todos.push(format!(
                    "`{}.{}` may end a membership: leave out those that are over",
                    self.table.shown(),
                    column.name
                ));
            }
        }
    }
}
