//! A connector as far as it could be guessed: what each kind of source makes, and one writer writes.

use serde_json::Value as Json;

use super::guess::{Guess, Language, Mapped, Noun};
use super::yaml::Section;

/// A connector file to be.
#[derive(Debug)]
pub struct Draft {
    /// What it was made from, for the first line of the file.
    pub origin: String,
    /// `app_name`.
    pub name: String,
    /// `app_description`.
    pub description: Option<String>,
    /// The language of the file.
    pub language: Language,
    /// `vars`.
    pub vars: Section,
    /// `connect`.
    pub connect: Section,
    /// Paging that several listings have in common: it stands in `connect`.
    pub pagination: Option<(Section, Guess)>,
    /// The types.
    pub types: Vec<DraftType>,
    /// What a person has to do or to decide.
    pub todos: Vec<String>,
    /// What was seen and not taken.
    pub notes: Vec<String>,
    /// The variables that a sync needs.
    pub variables: Vec<String>,
    /// Variables that the tests need a value of, too: those that a URL begins with.
    pub stand_ins: Vec<(String, String)>,
}

/// A resource type.
#[derive(Debug)]
pub struct DraftType {
    /// Its id in the file.
    pub id: String,
    /// What its things are.
    pub noun: Noun,
    /// Where it comes from, and why it was taken.
    pub why: Guess,
    /// The type whose resources it is listed for.
    pub parent: Option<String>,
    /// How it is listed.
    pub list: DraftListing,
    /// What its records become.
    pub mapped: Mapped,
    /// Who has what on it.
    pub grants: Vec<DraftGrants>,
    /// What to do about it.
    pub todos: Vec<String>,
}

/// A request or a query, in the words of the file.
#[derive(Debug, Clone, Default)]
pub struct DraftListing {
    /// `query`, or `request`.
    pub asks: Section,
    /// How it is paged; `None` when it is not.
    pub pagination: Option<(Section, Guess)>,
    /// What an answer is, before its mapping: `items_path` and its like.
    pub response: Section,
}

/// A listing of grants.
#[derive(Debug, Clone)]
pub struct DraftGrants {
    /// Why it is here.
    pub why: Guess,
    /// How they are listed.
    pub list: DraftListing,
    /// What each record becomes: it goes through all of them.
    pub mappings: Vec<DraftGrant>,
    /// A record, and the id of its resource.
    pub sample: Option<(Json, String)>,
}

/// What a record of a listing of grants becomes.
#[derive(Debug, Clone)]
pub struct DraftGrant {
    /// The entitlement: its id, and its purpose.
    pub entitlement: (String, &'static str),
    /// The type of who holds it.
    pub principal: String,
    /// Who holds it.
    pub principal_id: String,
    /// The resource, where one listing brings the grants of all.
    pub resource_id: Option<String>,
    /// Records that it is nothing to.
    pub skip_if: Option<String>,
    /// The entitlement whose holders hold this one too.
    pub expands: Option<String>,
    /// Who holds it by the sample; `None` when the sample is skipped.
    pub expect: Option<String>,
}
