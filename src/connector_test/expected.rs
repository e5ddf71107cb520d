//! What a test writes → facts that are wanted, each with its place in the file.

use super::facts::{Fact, moment};
use crate::config::decode::Placed;
use crate::config::scalar::Text;
use crate::config::test::{ExpectedEntitlementConfig, ExpectedGrantConfig, ExpectedResourceConfig};
use crate::diagnostic::Span;
use crate::expr::{Value, parse_time};

/// One thing that is expected.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Where it stands.
    pub span: Span,
    /// Its facts that are written.
    pub facts: Vec<WantedFact>,
}

/// A fact that is expected.
#[derive(Debug)]
pub(super) struct WantedFact {
    pub name: String,
    pub fact: Fact,
    pub span: Span,
    /// Whether it tells things apart.
    pub is_identity: bool,
}

impl Wanted {
    fn at(span: Span) -> Self {
        Self {
            span,
            facts: Vec::new(),
        }
    }

    fn put(&mut self, name: &str, fact: Fact, span: Span, is_identity: bool) {
        let name = name.to_owned();
        self.facts.push(WantedFact {
            name,
            fact,
            span,
            is_identity,
        });
    }

    fn text(&mut self, name: &str, text: Option<&Text>) {
        if let Some(text) = text {
            self.put(name, Fact::Text(text.text.clone()), text.span, false);
        }
    }

    fn identity(&mut self, name: &str, text: Option<&Text>) {
        if let Some(text) = text {
            self.put(name, Fact::Text(text.text.clone()), text.span, true);
        }
    }

    fn moment(&mut self, name: &str, text: Option<&Text>) {
        let Some(text) = text else {
            return;
        };
        let read = parse_time(&Value::Text(text.text.clone())).ok().flatten();
        let shown = read.map_or_else(|| text.text.clone(), |at| moment(Some(at)));
        self.put(name, Fact::Text(shown), text.span, false);
    }

    fn list(&mut self, name: &str, texts: Option<&Vec<Text>>) {
        let Some(texts) = texts else {
            return;
        };
        let span = match (texts.first(), texts.last()) {
            (Some(first), Some(last)) => Span::new(first.span.start, last.span.end),
            _ => self.span,
        };
        let texts = texts.iter().map(|text| text.text.clone()).collect();
        self.put(name, Fact::List(texts), span, false);
    }

    fn flag(&mut self, name: &str, flag: Option<bool>) {
        if let Some(flag) = flag {
            let span = self.span;
            self.put(name, Fact::Text(flag.to_string()), span, false);
        }
    }
}

impl From<&Placed<ExpectedResourceConfig>> for Wanted {
    fn from(written: &Placed<ExpectedResourceConfig>) -> Self {
        let mut wanted = Wanted::at(written.span);
        wanted.identity("id", written.id.as_ref());
        wanted.text("display_name", written.display_name.as_ref());
        wanted.text("description", written.description.as_ref());
        wanted.text("parent_id", written.parent_id.as_ref());
        wanted.text("trait", written.r#trait.as_ref());
        wanted.text("email", written.email.as_ref());
        wanted.list("emails", written.emails.as_ref());
        wanted.text("login", written.login.as_ref());
        wanted.list("login_aliases", written.login_aliases.as_ref());
        wanted.text("status", written.status.as_ref());
        wanted.text("status_details", written.status_details.as_ref());
        wanted.text("account_type", written.account_type.as_ref());
        wanted.moment("last_login", written.last_login.as_ref());
        wanted.list("employee_ids", written.employee_ids.as_ref());
        wanted.text("help_url", written.help_url.as_ref());
        wanted.text("credential_type", written.credential_type.as_ref());
        wanted.text("credential_detail", written.credential_detail.as_ref());
        wanted.moment("expires_at", written.expires_at.as_ref());
        wanted.moment("last_used_at", written.last_used_at.as_ref());
        wanted.text("identity", written.identity.as_ref());
        wanted.text("nhi_type", written.nhi_type.as_ref());
        wanted.text("nhi_detail", written.nhi_detail.as_ref());
        for (name, text) in written.profile.iter() {
            wanted.text(&format!("profile.{}", name.text), Some(text));
        }
        wanted
    }
}

impl From<&Placed<ExpectedEntitlementConfig>> for Wanted {
    fn from(written: &Placed<ExpectedEntitlementConfig>) -> Self {
        let mut wanted = Wanted::at(written.span);
        wanted.identity("id", written.id.as_ref());
        wanted.identity("resource_id", written.resource_id.as_ref());
        wanted.text("display_name", written.display_name.as_ref());
        wanted.text("description", written.description.as_ref());
        wanted.text("slug", written.slug.as_ref());
        wanted.text("purpose", written.purpose.as_ref());
        wanted.list("grantable_to", written.grantable_to.as_ref());
        wanted.flag("immutable", written.immutable);
        wanted.text("exclusion_group", written.exclusion_group.as_ref());
        wanted
    }
}

impl From<&Placed<ExpectedGrantConfig>> for Wanted {
    fn from(written: &Placed<ExpectedGrantConfig>) -> Self {
        let mut wanted = Wanted::at(written.span);
        wanted.identity("principal_type", written.principal_type.as_ref());
        wanted.identity("principal_id", written.principal_id.as_ref());
        wanted.identity("entitlement_id", written.entitlement_id.as_ref());
        wanted.identity("resource_id", written.resource_id.as_ref());
        wanted.list("expandable", written.expandable.as_ref());
        wanted.flag("shallow", written.shallow);
        wanted.text("external_match", written.external_match.as_ref());
        wanted
    }
}
