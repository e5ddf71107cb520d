//! A journey → what is told of it, without secrets.

use std::sync::Arc;

use serde_json::Value as Json;

use super::way::{AskedView, StepView, WayView};
use crate::causes::in_one_line;
use crate::cli::preview::{Looked, RowView};
use crate::diagnostic::{Location, SourceFile};
use crate::model::ResourceId;
use crate::preview::{Journey, Places, Step, What, paging};
use crate::source::Asked;
use crate::sync::Phase;

/// Tells ways, without secrets.
pub(super) struct Teller<'l> {
    pub places: Places,
    pub file: Arc<SourceFile>,
    pub looked: &'l Looked,
}

impl Teller<'_> {
    pub fn tell(&self, way: &Journey<'_>) -> WayView {
        let hide = &self.looked.hide;
        let listing = way.listing;
        let section = match listing.phase {
            Phase::Resources => "list",
            Phase::Grants => "grants",
            _ => "entitlements",
        };
        let near = format!("resource_types.{}.{section}", listing.resource_type);
        let steps = |steps: &[Step]| -> Vec<StepView> {
            let told = steps.iter().filter(|step| !step.is_literal);
            told.map(|step| self.step(step, &near)).collect()
        };
        let record = way.record;
        WayView {
            listing: listing.name.clone(),
            page: way.page_number,
            number: way.number,
            asked: way.page.told.as_ref().map(|told| {
                let (statement, body, has_values) = match &told.asked {
                    Asked::Request(request) => (None, request.body.clone(), false),
                    Asked::Statement {
                        sql,
                        values,
                        database,
                    } => {
                        let has_values = !values.is_empty() || database.is_some();
                        (Some(sql.clone()), None, has_values)
                    }
                };
                AskedView {
                    line: hide.text(&paging::line(&told.asked)),
                    has_values,
                    statement: statement.map(|it| hide.text(&it)),
                    body: body.map(|it| hide.text(&it)),
                    status: told.answer.as_ref().map(|answer| answer.status),
                }
            }),
            asked_with: steps(&way.page.steps),
            record: Json::from(&hide.value(&record.record)),
            expressions: steps(&record.steps),
            became: record
                .rows
                .iter()
                .map(|seen| RowView::of(&seen.row, hide))
                .collect(),
            failures: record.failures.iter().map(|it| hide.text(it)).collect(),
        }
    }

    fn step(&self, step: &Step, near: &str) -> StepView {
        let hide = &self.looked.hide;
        let at = Location {
            file: self.file.clone(),
            span: step.place,
        };
        let (line, column) = at.line_column();
        StepView {
            path: self.places.path(step.place, near).unwrap_or("?").to_owned(),
            line,
            column,
            expression: hide.text(&step.source),
            value: match &step.value {
                Ok(value) => Some(Json::from(&hide.value(value))),
                Err(_) => None,
            },
            failure: step.value.as_ref().err().map(|error| hide.text(error)),
        }
    }

    pub fn failure(&self) -> Option<String> {
        let failure = self.looked.preview.failure.as_ref()?;
        Some(self.looked.hide.text(&in_one_line(failure)))
    }

    /// What is said where no record was found.
    pub fn nothing(&self, id: &ResourceId, what: What) -> String {
        let listings = &self.looked.preview.listings;
        let pages: usize = listings.iter().map(|listing| listing.pages.len()).sum();
        let records: usize = listings.iter().map(|it| it.records().count()).sum();
        let is_cut = listings.iter().any(|listing| listing.is_cut);
        let found = listings
            .iter()
            .any(|listing| listing.rows().any(|row| row.is(id)));
        match (what, found) {
            (What::Resources, _) | (_, false) => format!(
                "no record is `{id}`: {records} records on {pages} pages were looked at{}",
                match is_cut {
                    true => ", and there are more: `--pages` says on how many to look",
                    false => "",
                }
            ),
            (what, true) => format!("`{id}` is there, and no record brings it {what}"),
        }
    }
}
