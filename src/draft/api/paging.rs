//! Parameters of a request, and what its answer has beside the items → how the list is paged.

use crate::draft::guess::{Guess, Kind, Shape, joined};
use crate::draft::yaml::Section;

use super::{Answer, path_text};

/// A query parameter.
#[derive(Debug, Clone, Default)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What is sent when it is not written.
    pub default: Option<String>,
    /// The least value.
    pub minimum: Option<i64>,
    /// The greatest value.
    pub maximum: Option<i64>,
}

const LIMITS: &[&str] = &[
    "limit",
    "perpage",
    "pagesize",
    "pagelimit",
    "maxresults",
    "size",
    "count",
    "top",
    "max",
    "itemsperpage",
    "take",
    "num",
    "first",
    "rows",
    "resultsperpage",
    "recordsperpage",
    "batchsize",
];
const CURSORS: &[&str] = &[
    "cursor",
    "pageafter",
    "pagecursor",
    "after",
    "pagetoken",
    "nexttoken",
    "nextpagetoken",
    "startingafter",
    "continuationtoken",
    "marker",
    "startcursor",
    "continuation",
    "bookmark",
    "nextcursor",
    "scrollid",
    "startafter",
    "nextpage",
];
const NUMBERS: &[&str] = &[
    "page",
    "pagenumber",
    "pagenum",
    "pageno",
    "pageindex",
    "currentpage",
    "p",
];
const OFFSETS: &[&str] = &[
    "offset",
    "skip",
    "start",
    "startat",
    "from",
    "pageoffset",
    "firstresult",
    "startrow",
];

const CURSOR_FIELDS: &[&str] = &[
    "nextcursor",
    "nextpagetoken",
    "nexttoken",
    "aftercursor",
    "cursorafter",
    "cursornext",
    "continuationtoken",
    "endcursor",
    "cursor",
    "nextmarker",
    "marker",
    "bookmark",
    "scrollid",
    "pagetoken",
    "next",
    "after",
    "nextpage",
    "cursorsafter",
];
const LINK_FIELDS: &[&str] = &[
    "odatanextlink",
    "linksnext",
    "linknext",
    "nextlink",
    "nexturl",
    "nextpageurl",
    "nexthref",
    "nextpagelink",
    "nexthref",
    "next",
    "nextpage",
];
const MORE_FIELDS: &[&str] = &[
    "hasmore",
    "hasnext",
    "hasnextpage",
    "more",
    "hasmoreitems",
    "moreavailable",
    "hasmoreresults",
];
const END_FIELDS: &[&str] = &[
    "islast",
    "lastpage",
    "islastpage",
    "endofstream",
    "last",
    "done",
];
const TOTAL_FIELDS: &[&str] = &[
    "totalcount",
    "total",
    "totalresults",
    "totalitems",
    "totalelements",
    "totalrecords",
    "totalsize",
    "totalrows",
    "odatacount",
    "recordcount",
];
const PAGES_FIELDS: &[&str] = &["totalpages", "pagecount", "numpages", "pages", "lastpage"];

/// How many items to ask for where nobody says how many are allowed.
const SIZE: i64 = 100;

/// The strategy, or why none could be told.
pub fn paging(parameters: &[Parameter], answer: &Answer) -> Option<(Section, Guess)> {
    let found = Signs { parameters, answer };
    found
        .scim()
        .or_else(|| found.link())
        .or_else(|| found.cursor())
        .or_else(|| found.header_link())
        .or_else(|| found.counted())
}

struct Signs<'p> {
    parameters: &'p [Parameter],
    answer: &'p Answer,
}

impl<'p> Signs<'p> {
    fn parameter(&self, names: &[&str]) -> Option<&'p Parameter> {
        names.iter().find_map(|name| {
            self.parameters
                .iter()
                .find(|parameter| joined(&parameter.name) == *name)
        })
    }

    /// A field beside the items, by its own name or with the name of what is around it.
    fn field(
        &self,
        names: &[&str],
        accept: impl Fn(&Shape) -> bool,
    ) -> Option<(String, &'p Shape)> {
        let is_item = |keys: &[&str]| {
            !self.answer.keys.is_empty()
                && keys.len() > self.answer.keys.len()
                && keys
                    .iter()
                    .zip(&self.answer.keys)
                    .all(|(key, item)| key == item)
        };
        names.iter().find_map(|name| {
            self.answer.envelope.leaves().into_iter().find_map(|leaf| {
                let keys: Vec<&str> = leaf.path.iter().map(|field| field.name.as_str()).collect();
                let own = joined(keys.last()?);
                let around = keys
                    .len()
                    .checked_sub(2)
                    .map(|at| format!("{}{own}", joined(keys[at])));
                let named = own == *name
                    || around
                        .is_some_and(|around| around == *name || around == format!("{name}href"));
                // The last two keys of `_links.next.href`.
                let deep = keys.len() > 2 && own == "href" && joined(keys[keys.len() - 2]) == *name;
                let fits = (named || deep) && accept(leaf.shape()) && !is_item(&keys);
                fits.then(|| path_text(&keys))
                    .flatten()
                    .map(|path| (path, leaf.shape()))
            })
        })
    }

    fn is_text(shape: &Shape) -> bool {
        matches!(shape.kind, Kind::Text | Kind::Unknown)
    }

    fn truth(&self, names: &[&str]) -> Option<String> {
        self.field(names, |shape| shape.kind == Kind::Truth)
            .map(|(path, _)| path)
    }

    fn number(&self, names: &[&str]) -> Option<String> {
        self.field(names, |shape| {
            matches!(shape.kind, Kind::Integer | Kind::Number)
        })
        .map(|(path, _)| path)
    }

    fn scim(&self) -> Option<(Section, Guess)> {
        let is_scim = self.parameter(&["startindex"]).is_some()
            || self.field(&["startindex"], |_| true).is_some();
        let total = self.number(&["totalresults"]);
        (is_scim && total.is_some()).then(|| {
            let section = Section::new()
                .with("strategy", "scim")
                .with("page_size", 100_u32);
            (
                section,
                Guess::sure("`startIndex` and `totalResults`, as SCIM has them"),
            )
        })
    }

    fn link(&self) -> Option<(Section, Guess)> {
        let (path, shape) = self.field(LINK_FIELDS, Self::is_text)?;
        let words = joined(&path);
        let is_url = shape
            .format
            .as_deref()
            .is_some_and(|format| format.starts_with("ur"))
            || ["link", "url", "href"]
                .iter()
                .any(|word| words.contains(word));
        if !is_url {
            return None;
        }
        let mut section = Section::new()
            .with("strategy", "link")
            .with("link_next_path", path.as_str());
        self.size(&mut section);
        if let Some(total) = self.number(TOTAL_FIELDS) {
            section.put("total_path", total);
        }
        Some((
            section,
            Guess::likely(format!("`{path}` is the URL of the next page")),
        ))
    }

    fn cursor(&self) -> Option<(Section, Guess)> {
        let parameter = self.parameter(CURSORS)?;
        let mut section = Section::new()
            .with("strategy", "cursor")
            .with("cursor_param", parameter.name.as_str());
        let more = self.truth(MORE_FIELDS);
        let is_mark = |shape: &Shape| Self::is_text(shape) || shape.kind == Kind::Integer;
        let guess = match (self.field(CURSOR_FIELDS, is_mark), &more) {
            (Some((path, _)), _) => {
                section.put("cursor_path", path.as_str());
                Guess::likely(format!(
                    "`{path}` of the answer goes into `{}`",
                    parameter.name
                ))
            }
            // The id of the last item is the mark.
            (None, Some(_)) | (None, None) => {
                let id = self.answer.item.field("id")?;
                let keys: Vec<&str> = self.answer.keys.iter().map(String::as_str).collect();
                let list = path_text(&keys).unwrap_or_default();
                let id = path_text(&[&id.name])?;
                section.put("cursor_path", format!("{list}[-1].{id}"));
                Guess::doubtful(format!(
                    "`{}` follows the last item, as nothing in the answer is named like a cursor",
                    parameter.name
                ))
            }
        };
        self.size(&mut section);
        if let Some(more) = more {
            section.put("more_path", more);
        }
        Some((section, guess))
    }

    fn header_link(&self) -> Option<(Section, Guess)> {
        self.answer
            .headers
            .iter()
            .find(|header| *header == "link")?;
        let mut section = Section::new().with("strategy", "link");
        self.size(&mut section);
        Some((section, Guess::likely("the answer has a `Link` header")))
    }

    fn counted(&self) -> Option<(Section, Guess)> {
        let (strategy, key, parameter) = match (self.parameter(NUMBERS), self.parameter(OFFSETS)) {
            (Some(parameter), _) => ("page", "page_param", parameter),
            (None, Some(parameter)) => ("offset", "offset_param", parameter),
            (None, None) => return None,
        };
        let mut section = Section::new()
            .with("strategy", strategy)
            .with(key, parameter.name.as_str());
        let mut why = format!("the parameter `{}`", parameter.name);
        let mut certain = true;
        if strategy == "page" {
            let default = parameter
                .default
                .as_ref()
                .and_then(|text| text.parse::<i64>().ok());
            let start = default
                .or(parameter.minimum)
                .filter(|start| (0..=1).contains(start));
            if start.is_none() {
                why.push_str("; that pages count from 1 is a guess");
                certain = false;
            }
            section.put("page_start", u32::from(start != Some(0)));
        }
        if !self.size(&mut section) {
            why.push_str("; how many items a page has is not said");
            certain = false;
        }
        if let Some(more) = self.truth(MORE_FIELDS) {
            section.put("more_path", more);
        } else if let Some(total) = self.number(TOTAL_FIELDS) {
            section.put("total_path", total);
        } else if let Some(pages) = self.number(PAGES_FIELDS).filter(|_| strategy == "page") {
            section.put("total_pages_path", pages);
        } else if self
            .answer
            .headers
            .iter()
            .any(|header| header == "x-total-count")
        {
            section.put("total_header", "X-Total-Count");
        } else if self
            .answer
            .headers
            .iter()
            .any(|header| header == "x-total-pages")
            && strategy == "page"
        {
            section.put("total_pages_header", "X-Total-Pages");
        }
        Some((
            section,
            if certain {
                Guess::likely(why)
            } else {
                Guess::doubtful(why)
            },
        ))
    }

    /// Writes how many items a page has. True when that is known to be asked for.
    fn size(&self, section: &mut Section) -> bool {
        let Some(limit) = self.parameter(LIMITS) else {
            return false;
        };
        let default = limit
            .default
            .as_ref()
            .and_then(|text| text.parse::<i64>().ok());
        let size = limit
            .maximum
            .unwrap_or_else(|| default.unwrap_or(SIZE).max(SIZE));
        section.put("limit_param", limit.name.as_str());
        section.put(
            "page_size",
            u32::try_from(size.clamp(1, 1000)).unwrap_or(100),
        );
        true
    }
}

impl<'p> Signs<'p> {
    /// What says that a list has pages although no way to the next one was found.
    fn hints(&self) -> Option<String> {
        let field = self
            .truth(MORE_FIELDS)
            .or_else(|| self.truth(END_FIELDS))
            .or_else(|| self.number(TOTAL_FIELDS))
            .or_else(|| {
                self.field(CURSOR_FIELDS, Self::is_text)
                    .map(|(path, _)| path)
            });
        field.or_else(|| self.parameter(LIMITS).map(|limit| limit.name.clone()))
    }
}

/// Paging by a mark in the answer of which nobody says where it goes.
pub fn of_cursor(answer: &Answer) -> Option<(Section, Guess)> {
    let signs = Signs {
        parameters: &[],
        answer,
    };
    let is_mark = |name: &&&str| !LINK_FIELDS.contains(*name);
    let names: Vec<&str> = CURSOR_FIELDS.iter().filter(is_mark).copied().collect();
    let (path, _) = signs.field(&names, Signs::is_text)?;
    let mut section = Section::new()
        .with("strategy", "cursor")
        .with("cursor_param", "cursor")
        .with("cursor_path", path.as_str());
    if let Some(more) = signs.truth(MORE_FIELDS) {
        section.put("more_path", more);
    }
    Some((
        section,
        Guess::doubtful(format!(
            "`{path}` goes into some parameter; that it is called `cursor` nobody says"
        )),
    ))
}

/// What says that there are pages, where nothing says how to get the next one.
pub fn unexplained(parameters: &[Parameter], answer: &Answer) -> Option<String> {
    Signs { parameters, answer }.hints()
}
