//! The pages of a listing → what paging did, why it went on or stopped, and what is wrong with it.

mod advice;
mod doubt;
mod signs;

pub use doubt::{Doubt, doubts};

use super::seen::ListingSeen;
use crate::source::Asked;

/// What paging did on one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSaid {
    /// Its number, from 1.
    pub number: usize,
    /// What was asked, in one line.
    pub asked: String,
    /// How many records came.
    pub records: usize,
    /// How many were asked for, where that is said.
    pub size: Option<u64>,
    /// The next page as the strategy names it.
    pub next: Option<String>,
    /// Whether the listing goes on.
    pub goes_on: bool,
    /// Why, or why not.
    pub because: String,
}

/// What paging did, page by page: those that were read to their end.
pub fn pages(listing: &ListingSeen) -> Vec<PageSaid> {
    let pages = listing.pages.iter().enumerate();
    pages
        .filter_map(|(index, page)| {
            let told = page.told.as_ref()?;
            Some(PageSaid {
                number: index + 1,
                asked: line(&told.asked),
                records: page.records.len(),
                size: told.size,
                next: told.next.clone(),
                goes_on: page.goes_on,
                because: told.because.clone(),
            })
        })
        .collect()
}

/// What was asked in one line: `GET https://api/users?page=2`, or the values of a statement.
pub fn line(asked: &Asked) -> String {
    match asked {
        Asked::Request(request) => format!("{} {}", request.method, request.url),
        Asked::Statement {
            database, values, ..
        } => {
            let values = values.iter().map(|(name, value)| {
                let value = serde_json::Value::from(value);
                format!("{name} = {value}")
            });
            let mut line: Vec<String> = values.collect();
            if let Some(database) = database {
                line.insert(0, format!("in `{database}`"));
            }
            match line.is_empty() {
                true => "the query as it is written".to_owned(),
                false => line.join(", "),
            }
        }
    }
}
