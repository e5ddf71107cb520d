//! A preview in which one thing was looked for → the records that are about it.

use super::Preview;
use super::seen::{ListingSeen, PageSeen, RecordSeen};
use super::trace::Step;
use crate::expr::{Value, to_text};
use crate::model::ResourceId;
use crate::sync::Phase;

/// A record on its way, from the page that it came on to what it became.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'p> {
    /// The listing.
    pub listing: &'p ListingSeen,
    /// The page that it came on.
    pub page: &'p PageSeen,
    /// The number of that page, from 1.
    pub page_number: usize,
    /// The record.
    pub record: &'p RecordSeen,
    /// Its number on the page, from 1.
    pub number: usize,
}

impl<'p> Journey<'p> {
    /// Every record of a listing.
    fn all(listing: &'p ListingSeen) -> impl Iterator<Item = Self> {
        let pages = (1..).zip(&listing.pages);
        pages.flat_map(move |(page_number, page)| {
            let records = (1..).zip(&page.records);
            records.map(move |(number, record)| Journey {
                listing,
                page,
                page_number,
                record,
                number,
            })
        })
    }

    /// The records that became a resource; else those that seem to be about it, and became nothing.
    pub fn of_resource(preview: &'p Preview, id: &ResourceId) -> Vec<Self> {
        let listings = preview.listings.iter().filter(|listing| {
            listing.resource_type == id.resource_type.as_str() && listing.phase == Phase::Resources
        });
        let all: Vec<Self> = listings.flat_map(Journey::all).collect();
        let became = |journey: &&Self| journey.record.is(id);
        let exact: Vec<Self> = all.iter().filter(became).copied().collect();
        match exact.is_empty() {
            false => exact,
            true => {
                let about = all
                    .into_iter()
                    .filter(|journey| journey.record.may_be(&id.id));
                about.collect()
            }
        }
    }

    /// The records of what is listed for a resource. Of a listing for all resources, those that are
    /// about this one or about none.
    pub fn on_resource(preview: &'p Preview, id: &ResourceId) -> Vec<Self> {
        let listings = preview
            .listings
            .iter()
            .filter(|listing| listing.is_wanted && listing.phase != Phase::Resources);
        let all = listings.flat_map(Journey::all);
        all.filter(|journey| {
            let record = journey.record;
            journey.listing.resource.as_ref() == Some(id)
                || !record.rows.is_empty()
                || !record.failures.is_empty()
                || record.may_be(&id.id)
        })
        .collect()
    }
}

impl RecordSeen {
    /// True when the record became the resource.
    pub(super) fn is(&self, id: &ResourceId) -> bool {
        self.rows.iter().any(|seen| seen.row.is(id))
    }

    /// True when a field of the record, or an expression on it, has an id as its value.
    pub(super) fn may_be(&self, id: &str) -> bool {
        let came = |step: &Step| step.value.as_ref().is_ok_and(|value| is_text(value, id));
        let in_fields = match &self.record {
            Value::Map(fields) => fields.values().any(|value| is_text(value, id)),
            value => is_text(value, id),
        };
        in_fields || self.steps.iter().any(|step| !step.is_literal && came(step))
    }
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::Text(found) => found == text,
        Value::Int(_) | Value::UInt(_) => {
            to_text(value).is_ok_and(|found| found.as_deref() == Some(text))
        }
        _ => false,
    }
}
