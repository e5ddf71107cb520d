//! A query of the file, its `vars` and its paging → something that fetches pages.

use std::sync::Arc;

use super::connect::SqlSource;
use super::pagination::{PLACEHOLDERS, Paginate};
use super::place::Written;
use super::placeholder::{Form, Part, Placeholder, Scanned, scan};
use super::query::{Piece, Slot, SqlQuery};
use super::slips;
use super::vars::{Known, SqlVars};
use crate::config::CompileContext;
use crate::config::decode::Named;
use crate::config::http::PaginationConfig;
use crate::config::resource_type::ScopeWord;
use crate::config::scalar::{ExprText, SqlText, Text};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Variables;
use crate::source::Fetch;

/// A listing as its file describes it.
#[derive(Debug)]
pub struct SqlListing<'c> {
    /// The query.
    pub query: &'c SqlText,
    /// Values of its placeholders.
    pub vars: &'c Named<ExprText>,
    /// How it is paged.
    pub pagination: Option<&'c PaginationConfig>,
    /// Which databases it runs on.
    pub scope: Option<ScopeWord>,
    /// Inputs that `vars` may use.
    pub variables: Variables,
    /// The id of the type, when the query runs once per resource of it.
    pub resource_type: Option<&'c str>,
}

/// A query that is paged.
#[derive(Debug, Clone, Copy)]
pub struct PagedQuery<'c> {
    /// The query.
    pub query: &'c SqlText,
    /// How it is paged.
    pub pagination: Option<&'c PaginationConfig>,
    /// Which databases it runs on.
    pub scope: Option<ScopeWord>,
    /// The id of the type, when the query runs once per resource of it.
    pub resource_type: Option<&'c str>,
}

impl SqlSource {
    /// Compiles a query. Notes every mistake in it; `None` when there was one.
    pub fn listing(
        self: &Arc<Self>,
        listing: SqlListing<'_>,
        cx: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        let mut vars = SqlVars::compile(listing.vars, Known::variables(listing.variables), cx);
        let query = PagedQuery {
            query: listing.query,
            pagination: listing.pagination,
            scope: listing.scope,
            resource_type: listing.resource_type,
        };
        let fetch = self.paged(query, &mut vars, cx);
        vars.finish(cx);
        fetch
    }

    /// Compiles a query that may share its `vars` with others. Notes every mistake in it; `None`
    /// when there was one.
    pub fn paged(
        self: &Arc<Self>,
        listing: PagedQuery<'_>,
        vars: &mut SqlVars<'_>,
        cx: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        let paging = match listing.pagination {
            None => Some(None),
            Some(PaginationConfig::Sql(block)) => block.compile(cx).map(Some),
            Some(PaginationConfig::Http(block)) => cx.error(
                "mixed-dialects",
                block.span,
                "this paging is that of an API",
            ),
        };
        vars.paged = true;
        let scanned = scan(&listing.query.0, self.dialect.lexicon(), cx);
        if scanned.is_some() {
            slips::check(&listing.query.0, self.scheme(), self.dialect.lexicon(), cx);
        }
        let (paging, scanned) = vars.unless_failed(paging.zip(scanned))?;
        let query = self.resolve(&listing, paging, &scanned, vars, cx)?;
        Some(Box::new(query) as Box<dyn Fetch>)
    }

    /// Finds what the placeholders of a query stand for.
    pub(super) fn resolve(
        self: &Arc<Self>,
        listing: &PagedQuery<'_>,
        paging: Option<Box<dyn Paginate>>,
        scanned: &Scanned,
        vars: &mut SqlVars<'_>,
        cx: &mut CompileContext,
    ) -> Option<SqlQuery> {
        vars.begin();
        scanned.inert.iter().for_each(|name| vars.use_name(name));
        let mut resolver = Resolver {
            listing,
            paging: paging.as_deref(),
            vars,
            cx,
            failed: false,
        };
        let pieces = resolver.resolve(scanned);
        let failed = resolver.failed;
        vars.failed |= failed;
        let failed = failed || !vars.are_sound();
        let paging = paging.filter(|_| pieces.iter().any(Piece::pages));
        (!failed).then(|| SqlQuery {
            source: self.clone(),
            pieces,
            vars: vars.computed(),
            paging,
            primary_only: listing.scope == Some(ScopeWord::Cluster),
            written: Written {
                file: cx.file(),
                text: listing.query.0.clone(),
                starts: scanned.parts.iter().map(Part::sql_start).collect(),
            },
        })
    }
}

/// Finds what each placeholder stands for.
struct Resolver<'r, 'c, 'k, 'e> {
    listing: &'r PagedQuery<'c>,
    paging: Option<&'r dyn Paginate>,
    vars: &'r mut SqlVars<'k>,
    cx: &'r mut CompileContext<'e>,
    failed: bool,
}

impl<'c> Resolver<'_, 'c, '_, '_> {
    fn resolve(&mut self, scanned: &Scanned) -> Vec<Piece> {
        let text = self.text();
        let mut pieces = Vec::new();
        for part in &scanned.parts {
            pieces.push(match part {
                Part::Sql(range) => Piece::Sql(text.text[range.clone()].to_owned()),
                Part::Placeholder(placeholder) => {
                    self.vars.use_name(&placeholder.name);
                    match self.slot(placeholder) {
                        Some(slot) => Piece::Slot {
                            name: placeholder.name.clone(),
                            form: placeholder.form,
                            slot,
                        },
                        None => continue,
                    }
                }
            });
        }
        // What is missing may be what seems wrong with the paging: one mistake is one message.
        if !self.failed {
            self.check_paging(scanned, &pieces);
        }
        pieces
    }

    fn text(&self) -> &'c Text {
        &self.listing.query.0
    }

    fn slot(&mut self, placeholder: &Placeholder) -> Option<Slot> {
        let name = placeholder.name.to_lowercase();
        if self.vars.paged && PLACEHOLDERS.contains(&name.as_str()) {
            return self.paging_slot(placeholder, &name);
        }
        if let Some(slot) = self.vars.slot(&placeholder.name) {
            if let Slot::Input(value) = &slot {
                self.vars.use_name(value);
            }
            return Some(slot);
        }
        match self.names_resource(&name) {
            true => {
                let span = self.span(placeholder);
                let message = format!(
                    "`vars` has no `{}`: the id of the current resource is taken",
                    placeholder.name
                );
                let help = format!("write `vars: {{{name}: resource.ID}}`");
                self.cx
                    .warning("implicit-placeholder", span, message, &help);
                Some(Slot::ResourceId)
            }
            false => self.unknown(placeholder, &name),
        }
    }

    fn paging_slot(&mut self, placeholder: &Placeholder, name: &str) -> Option<Slot> {
        let Some(paging) = self.paging else {
            let message = format!("`?<{}>` needs `pagination`", placeholder.name);
            let strategy = if name == "cursor" { "cursor" } else { "offset" };
            let help = format!("add `pagination: {{strategy: {strategy}, primary_key: id}}`");
            return self.error("missing-pagination", placeholder, message, help);
        };
        match name {
            "limit" => Some(Slot::Limit),
            _ if name == paging.placeholder() => Some(Slot::Place),
            _ => {
                let message = format!(
                    "this paging strategy fills in `?<{}>`, not `?<{}>`",
                    paging.placeholder(),
                    placeholder.name
                );
                let help = format!("use `?<{}>`, or `strategy: {name}`", paging.placeholder());
                self.error("wrong-pagination", placeholder, message, help)
            }
        }
    }

    /// Names that can only mean the current resource.
    fn names_resource(&self, name: &str) -> bool {
        self.listing.resource_type.is_some_and(|id| {
            let id = id.to_lowercase();
            name == "resource_id" || name == id || name == format!("{id}_id")
        })
    }

    fn unknown(&mut self, placeholder: &Placeholder, name: &str) -> Option<Slot> {
        let per_resource = self.listing.resource_type.is_some();
        let paging: &[&str] = if self.vars.paged { &PLACEHOLDERS } else { &[] };
        let near = self.vars.nearest(name, paging);
        let with = near.as_ref().map(|near| match placeholder.form {
            Form::Parameter => format!("?<{near}>"),
            form => format!("?<{near}|{}>", form.option()),
        });
        let help = match (near, name) {
            (Some(near), _) => format!("did you mean `?<{near}>`?"),
            (None, "since" | "id") if self.vars.paged && !per_resource => {
                format!(
                    "`{name}` is filled in where changes or single resources are fetched, not in a listing"
                )
            }
            _ if per_resource => {
                format!(
                    "add it: `vars: {{{name}: resource.ID}}` binds the id of the current resource"
                )
            }
            _ => self.vars.offer(name),
        };
        let message = self.vars.says_nothing_of(&placeholder.name);
        self.error_instead(
            "unknown-placeholder",
            placeholder,
            message,
            help,
            with.as_deref(),
        )
    }

    fn check_paging(&mut self, scanned: &Scanned, pieces: &[Piece]) {
        let (Some(paging), Some(PaginationConfig::Sql(block))) =
            (self.paging, self.listing.pagination)
        else {
            return;
        };
        let place = paging.placeholder();
        let ordered = scanned
            .words
            .windows(2)
            .any(|pair| pair[0] == "order" && pair[1] == "by");
        let (code, span, message, help) = if !pieces.iter().any(Piece::pages) {
            (
                "unpaged-query",
                block.span,
                "the query is not paged: it is run once and brings all rows".to_owned(),
                format!("use `?<limit>` and `?<{place}>` in the query, or remove `pagination`"),
            )
        } else if !pieces.iter().any(Piece::places) {
            (
                "unpaged-query",
                self.text().span,
                format!(
                    "the query uses `?<limit>` but not `?<{place}>`: there is only a first page"
                ),
                format!("use `?<{place}>` in the query"),
            )
        } else if !ordered {
            (
                "unordered-pages",
                self.text().span,
                "the query is paged but has no ORDER BY: pages may skip or repeat rows".to_owned(),
                match paging.primary_key() {
                    Some(key) => format!("add `ORDER BY {key}`"),
                    None => "order by a column that identifies a row".to_owned(),
                },
            )
        } else if paging.placeholder() == "cursor"
            && let Some(key) = paging.primary_key()
            && !self.may_order_by(scanned, key)
        {
            (
                "unordered-pages",
                self.text().span,
                format!("the pages start after `{key}`, but the query is not ordered by it"),
                format!("begin the order with it: `ORDER BY {key}`"),
            )
        } else {
            return;
        };
        self.cx.warning(code, span, message, &help);
    }

    /// False when the query is surely not ordered by the key: one that is an alias, or an order
    /// by position or by quoted names, is given the benefit of the doubt.
    fn may_order_by(&self, scanned: &Scanned, key: &str) -> bool {
        let key = key.to_lowercase();
        let words = &scanned.words;
        let order = words
            .windows(2)
            .rposition(|pair| pair[0] == "order" && pair[1] == "by");
        let ordered = order.map_or(&words[..0], |at| &words[at + 2..]);
        let alias = words
            .windows(2)
            .any(|pair| pair[0] == "as" && pair[1] == key);
        let named = |word: &String| *word == key || word.bytes().all(|byte| byte.is_ascii_digit());
        let quoted = self.text().text.contains(['"', '`', '[']);
        alias || quoted || ordered.iter().any(named)
    }

    fn span(&self, placeholder: &Placeholder) -> Span {
        self.cx.locate(self.text(), placeholder.range.clone())
    }

    fn error<T>(
        &mut self,
        code: &'static str,
        placeholder: &Placeholder,
        message: String,
        help: String,
    ) -> Option<T> {
        self.error_instead(code, placeholder, message, help, None)
    }

    /// Notes a mistake, and what to write in its place.
    fn error_instead<T>(
        &mut self,
        code: &'static str,
        placeholder: &Placeholder,
        message: String,
        help: String,
        with: Option<&str>,
    ) -> Option<T> {
        self.failed = true;
        let range = placeholder.range.clone();
        let fix = with.and_then(|with| self.cx.edit(self.text(), range, with));
        let at = self.cx.at(self.span(placeholder));
        let wrong = Diagnostic::error(code, at, message).help(help);
        self.cx.note(wrong.fix_if(fix));
        None
    }
}

impl Piece {
    /// True for the placeholders of paging.
    fn pages(&self) -> bool {
        matches!(
            self,
            Piece::Slot {
                slot: Slot::Limit | Slot::Place,
                ..
            }
        )
    }

    /// True for the placeholder that tells pages apart.
    pub(super) fn places(&self) -> bool {
        matches!(
            self,
            Piece::Slot {
                slot: Slot::Place,
                ..
            }
        )
    }

    /// True when the value becomes a parameter.
    pub(super) fn is_parameter(&self) -> bool {
        matches!(
            self,
            Piece::Slot {
                form: Form::Parameter,
                ..
            }
        )
    }
}
