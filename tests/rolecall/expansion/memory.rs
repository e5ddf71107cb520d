//! Grants in memory: the plainest store there can be.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;

use rolecall::expansion::{self, Expandable, Expanded, GrantStore, Holding, Source};
use rolecall::model::{GrantExpansion, ResourceId};

/// A grant, with whether each source is held directly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub id: String,
    pub entitlement: String,
    pub principal: ResourceId,
    pub sources: BTreeMap<String, bool>,
    pub is_new: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// What there is, and the resource it is on.
    pub entitlements: BTreeMap<String, ResourceId>,
    pub rows: Vec<Row>,
    pub expansions: Vec<(usize, GrantExpansion)>,
    /// The ids of all grants, while they are expanded.
    ids: HashSet<String>,
}

impl Memory {
    pub fn entitlement(&mut self, resource: &ResourceId, slug: &str) -> String {
        let id = format!("{resource}:{slug}");
        self.entitlements.insert(id.clone(), resource.clone());
        id
    }

    /// Stores a grant, and returns where.
    pub fn grant(&mut self, entitlement: &str, principal: &ResourceId) -> usize {
        self.rows.push(Row {
            id: format!("{entitlement}:{principal}"),
            entitlement: entitlement.to_owned(),
            principal: principal.clone(),
            sources: BTreeMap::new(),
            is_new: false,
        });
        self.rows.len() - 1
    }

    pub fn expand(&mut self) -> Expanded {
        let Ok(expanded) = expansion::expand(self);
        assert!(self.ids.is_empty() || self.ids.len() == self.rows.len());
        expanded
    }

    /// All grants, sorted.
    pub fn sorted(&self) -> Vec<Row> {
        let mut rows = self.rows.clone();
        rows.sort();
        rows
    }
}

impl GrantStore for Memory {
    type Error = Infallible;

    fn expandable(&mut self, each: &mut dyn FnMut(Expandable)) -> Result<(), Infallible> {
        self.ids = self.rows.iter().map(|row| row.id.clone()).collect();
        assert_eq!(self.ids.len(), self.rows.len(), "an id is there twice");
        for (row, expansion) in &self.expansions {
            let row = &self.rows[*row];
            each(Expandable {
                grant: row.id.clone(),
                entitlement: row.entitlement.clone(),
                principal: row.principal.clone(),
                expansion: expansion.clone(),
            });
        }
        Ok(())
    }

    fn resource_of(&mut self, entitlement: &str) -> Result<Option<ResourceId>, Infallible> {
        Ok(self.entitlements.get(entitlement).cloned())
    }

    fn holdings(
        &mut self,
        number_of: &dyn Fn(&str) -> Option<u32>,
        each: &mut dyn FnMut(u32, Holding<'_>),
    ) -> Result<(), Infallible> {
        for (at, row) in self.rows.iter().enumerate() {
            let Some(number) = number_of(&row.entitlement) else {
                continue;
            };
            let holding = Holding {
                row: at as i64,
                principal_type: row.principal.resource_type.as_str(),
                principal: &row.principal.id,
                sources: row.sources.keys().cloned().collect(),
            };
            each(number, holding);
        }
        Ok(())
    }

    fn create(
        &mut self,
        entitlement: &str,
        principal: &ResourceId,
        sources: &[Source<'_>],
    ) -> Result<bool, Infallible> {
        let id = format!("{entitlement}:{principal}");
        if !self.ids.insert(id.clone()) {
            return Ok(false);
        }
        let sources = sources.iter();
        self.rows.push(Row {
            id,
            entitlement: entitlement.to_owned(),
            principal: principal.clone(),
            sources: sources
                .map(|it| (it.entitlement.to_owned(), it.is_direct))
                .collect(),
            is_new: true,
        });
        Ok(true)
    }

    fn widen(
        &mut self,
        row: i64,
        entitlement: &str,
        sources: &[Source<'_>],
    ) -> Result<bool, Infallible> {
        let row = &mut self.rows[row as usize];
        assert_eq!(row.entitlement, entitlement);
        let before = row.sources.clone();
        if row.sources.is_empty() {
            row.sources.insert(entitlement.to_owned(), true);
        }
        for source in sources {
            let known = row.sources.entry(source.entitlement.to_owned());
            *known.or_default() |= source.is_direct;
        }
        Ok(row.sources != before)
    }
}
