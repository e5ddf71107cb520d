//! What is expected and what came → what differs, field by field, at its place in the file.

use std::sync::Arc;

use super::came::Came;
use super::expected::{Wanted, WantedFact};
use super::facts::{Fact, Facts};
use crate::config::decode::Placed;
use crate::config::test::{ExpectConfig, TestConfig};
use crate::diagnostic::{Diagnostic, Location, SourceFile, Span, list};
use crate::source::http::same_request;

/// How many things are named that came and were not expected.
const NAMED: usize = 10;

/// Something that is not as a test expects it.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where the test says otherwise.
    pub at: Location,
    /// One sentence: lower case, no full stop.
    pub message: String,
    /// What to look at or to write; empty when the message says it all.
    pub help: String,
}

impl Difference {
    /// The difference as it is shown with its line.
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::error("test-failed", self.at.clone(), self.message.as_str());
        match self.help.as_str() {
            "" => diagnostic,
            help => diagnostic.help(help),
        }
    }
}

/// Everything that differs.
pub(super) fn compare(test: &TestConfig, file: &Arc<SourceFile>, came: &Came) -> Vec<Difference> {
    let mut comparison = Comparison {
        file,
        found: Vec::new(),
    };
    comparison.failure(test, came);
    let expect = &test.expect;
    if came.error.is_none() {
        comparison.findings(expect, came);
        let facts = |facts: &[Facts]| facts.to_vec();
        if let Some(wanted) = &expect.resources {
            comparison.things("resource", expect.span, wanted, facts(&came.resources));
        }
        if let Some(wanted) = &expect.entitlements {
            comparison.things(
                "entitlement",
                expect.span,
                wanted,
                facts(&came.entitlements),
            );
        }
        if let Some(wanted) = &expect.grants {
            comparison.things("grant", expect.span, wanted, facts(&came.grants));
        }
    }
    if let Some(wanted) = &expect.requests {
        comparison.requests(expect.span, wanted, &came.requests);
    } else if came.error.is_none() {
        for index in &came.unused {
            let exchange = test.given.exchanges.iter().flatten().nth(*index);
            if let Some(exchange) = exchange {
                let message = format!("nobody asked for `{}`", exchange.ask.text);
                let help = match came.requests.as_slice() {
                    [] => "no request was made".to_owned(),
                    asked => format!("asked was {}", list(asked)),
                };
                comparison.note(exchange.ask.span, message, help);
            }
        }
    }
    comparison.found.sort_by_key(|found| found.at.span);
    comparison.found
}

struct Comparison<'c> {
    file: &'c Arc<SourceFile>,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn note(&mut self, span: Span, message: String, help: String) {
        let at = Location {
            file: self.file.clone(),
            span,
        };
        self.found.push(Difference { at, message, help });
    }

    /// The listing failed, or did not.
    fn failure(&mut self, test: &TestConfig, came: &Came) {
        match (&test.expect.error, &came.error) {
            (None, None) => {}
            (None, Some(error)) => {
                let message = format!("the listing failed: {error}");
                let help = String::new();
                self.note(test.name.span, message, help);
            }
            (Some(wanted), None) => {
                let message = "the listing did not fail".to_owned();
                self.note(wanted.span, message, String::new());
            }
            (Some(wanted), Some(error)) => {
                if !error.to_lowercase().contains(&wanted.text.to_lowercase()) {
                    let message = "the listing failed with another message".to_owned();
                    self.note(wanted.span, message, format!("it was: {error}"));
                }
            }
        }
    }

    fn findings(&mut self, expect: &Placed<ExpectConfig>, came: &Came) {
        let Some(wanted) = &expect.findings else {
            for finding in came.findings.iter().filter(|finding| finding.partial) {
                let message = format!(
                    "the listing may lack something (`{}`): {}",
                    finding.code, finding.example
                );
                let help = format!(
                    "expect it with `findings: [{}]`, or see to it",
                    finding.code
                );
                self.note(expect.span, message, help);
            }
            return;
        };
        let codes: Vec<&str> = came.findings.iter().map(|it| it.code.as_str()).collect();
        for missing in wanted.iter().filter(|it| !codes.contains(&it.as_str())) {
            let message = format!("nothing odd of the code `{}` was found", missing.text);
            let help = match codes.as_slice() {
                [] => "nothing odd was found at all".to_owned(),
                codes => format!("found was {}", list(codes)),
            };
            self.note(missing.span, message, help);
        }
        for found in &came.findings {
            if !wanted.iter().any(|it| it.text == found.code) {
                let message = format!("`{}` was found too: {}", found.code, found.example);
                self.note(expect.span, message, String::new());
            }
        }
    }

    /// Compares lists of resources, entitlements or grants.
    fn things<'w, T>(&mut self, noun: &str, at: Span, wanted: &'w [T], came: Vec<Facts>)
    where
        Wanted: From<&'w T>,
    {
        let wanted: Vec<Wanted> = wanted.iter().map(Wanted::from).collect();
        let pairs = pair(&wanted, &came);
        for (index, (wanted, paired)) in wanted.iter().zip(&pairs).enumerate() {
            match paired {
                Some(paired) => self.facts(noun, wanted, &came[*paired]),
                None => {
                    let message = match identity(wanted) {
                        Some(identity) => format!("no {noun} with {identity} came"),
                        None => format!("{noun} {} did not come", index + 1),
                    };
                    let help = match came.as_slice() {
                        [] => format!("no {noun} came at all"),
                        came => format!("came: {}", names(came)),
                    };
                    self.note(wanted.span, message, help);
                }
            }
        }
        let extra: Vec<Facts> = came
            .iter()
            .enumerate()
            .filter(|(index, _)| !pairs.contains(&Some(*index)))
            .map(|(_, facts)| facts.clone())
            .collect();
        if !extra.is_empty() {
            let (count, plural) = (extra.len(), if extra.len() == 1 { "" } else { "s" });
            let message = format!("{count} {noun}{plural} came that the test does not expect");
            self.note(at, message, names(&extra));
        }
        let order: Vec<usize> = pairs.iter().flatten().copied().collect();
        let turned = order.windows(2).position(|pair| pair[0] > pair[1]);
        if let Some(first) = turned {
            let paired = pairs.iter().enumerate().filter(|(_, pair)| pair.is_some());
            let span = paired.map(|(index, _)| wanted[index].span).nth(first + 1);
            let message = format!("the {noun}s came in another order");
            self.note(
                span.unwrap_or(at),
                message,
                format!("came: {}", names(&came)),
            );
        }
    }

    fn facts(&mut self, noun: &str, wanted: &Wanted, came: &Facts) {
        for WantedFact {
            name, fact, span, ..
        } in &wanted.facts
        {
            let found = came.get(name);
            if *fact == found || is_nothing(fact) && is_nothing(&found) {
                continue;
            }
            let which = names(std::slice::from_ref(came));
            let message = match is_nothing(&found) {
                true => format!(
                    "`{name}` of the {noun} {which} is empty, not {}",
                    shown(fact)
                ),
                false => format!(
                    "`{name}` of the {noun} {which} is {}, not {}",
                    shown(&found),
                    shown(fact)
                ),
            };
            self.note(*span, message, String::new());
        }
    }

    fn requests(&mut self, at: Span, wanted: &[crate::config::scalar::Text], asked: &[String]) {
        for (index, wanted) in wanted.iter().enumerate() {
            let number = index + 1;
            match asked.get(index) {
                Some(asked) if same_request(&wanted.text, asked) => {}
                Some(asked) => {
                    let message = format!("request {number} was another one");
                    self.note(wanted.span, message, format!("it was `{asked}`"));
                }
                None => {
                    let message = format!("request {number} was not made");
                    let help = format!("there were {} in all", asked.len());
                    self.note(wanted.span, message, help);
                }
            }
        }
        if let Some(more) = asked.get(wanted.len()..).filter(|more| !more.is_empty()) {
            let plural = if more.len() == 1 { "" } else { "s" };
            let message = format!("{} further request{plural} made", more.len());
            let message = match more.len() {
                1 => "a further request was made".to_owned(),
                _ => message.replace(" made", " were made"),
            };
            self.note(at, message, list(more));
        }
    }
}

/// What each expected thing is compared with: what has its identity, else what stands at its place and
/// is nothing else that is expected.
fn pair(wanted: &[Wanted], came: &[Facts]) -> Vec<Option<usize>> {
    let mut taken = vec![false; came.len()];
    let mut pairs: Vec<Option<usize>> = vec![None; wanted.len()];
    for (wanted, pair) in wanted.iter().zip(&mut pairs) {
        let mut identity = wanted.facts.iter().filter(|it| it.is_identity).peekable();
        if identity.peek().is_none() {
            continue;
        }
        let identity: Vec<_> = identity.collect();
        let mut candidates = came.iter().enumerate();
        *pair = candidates.find_map(|(index, facts)| {
            let same = identity.iter().all(|it| facts.get(&it.name) == it.fact);
            (same && !taken[index]).then_some(index)
        });
        if let Some(index) = pair {
            taken[*index] = true;
        }
    }
    for (index, pair) in pairs.iter_mut().enumerate() {
        if pair.is_none() && taken.get(index) == Some(&false) {
            taken[index] = true;
            *pair = Some(index);
        }
    }
    pairs
}

fn identity(wanted: &Wanted) -> Option<String> {
    let identity = wanted.facts.iter().filter(|it| it.is_identity);
    let parts: Vec<_> = identity
        .map(|it| format!("`{}: {}`", it.name, plain(&it.fact)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Things by what tells them apart.
fn names(came: &[Facts]) -> String {
    let name = |facts: &Facts| {
        let text = |name| match facts.get(name) {
            Fact::Text(text) => text,
            Fact::List(_) => String::new(),
        };
        match (text("id"), text("principal_id")) {
            (id, principal) if principal.is_empty() => format!("`{id}`"),
            (_, principal) => format!(
                "`{}/{principal}` → `{}`",
                text("principal_type"),
                text("entitlement_id")
            ),
        }
    };
    let mut names: Vec<_> = came.iter().take(NAMED).map(name).collect();
    if came.len() > NAMED {
        names.push(format!("{} more", came.len() - NAMED));
    }
    names.join(", ")
}

fn is_nothing(fact: &Fact) -> bool {
    match fact {
        Fact::Text(text) => text.is_empty(),
        Fact::List(texts) => texts.is_empty(),
    }
}

fn plain(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => text.clone(),
        Fact::List(texts) => format!("[{}]", texts.join(", ")),
    }
}

fn shown(fact: &Fact) -> String {
    match is_nothing(fact) {
        true => "empty".to_owned(),
        false => format!("`{}`", plain(fact)),
    }
}
