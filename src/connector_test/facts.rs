//! What came of a listing → facts by the names that tests give them.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::model::{
    AccountType, AgentStatus, AgentTrait, AppTrait, CredentialType, Entitlement, ExternalMatch,
    Grant, NhiType, Profile, ProfileValue, Purpose, Resource, ResourceTrait, SecretTrait,
    UserStatus, UserTrait,
};

/// A fact: text, which is empty where there is nothing, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    Text(String),
    List(Vec<String>),
}

/// Facts by name, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Facts(pub Vec<(String, Fact)>);

impl Facts {
    /// The fact of a name; empty text where nothing is known.
    pub fn get(&self, name: &str) -> Fact {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map_or(Fact::Text(String::new()), |(_, fact)| fact.clone())
    }

    fn text(&mut self, name: &str, text: impl Into<String>) {
        self.0.push((name.to_owned(), Fact::Text(text.into())));
    }

    fn list<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t String>) {
        let texts = texts.into_iter().cloned().collect();
        self.0.push((name.to_owned(), Fact::List(texts)));
    }

    fn profile(&mut self, profile: &Profile) {
        for (name, value) in profile {
            let text = match value {
                ProfileValue::Text(text) => text.clone(),
                ProfileValue::Null => String::new(),
                ProfileValue::Bool(value) => value.to_string(),
                ProfileValue::Number(value) => value.to_string(),
                // Mappings make text alone.
                ProfileValue::List(_) | ProfileValue::Map(_) => continue,
            };
            self.text(&format!("profile.{name}"), text);
        }
    }
}

/// A moment as tests compare it.
pub(super) fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or(String::new(), |at| {
        at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    })
}

impl From<&Resource> for Facts {
    fn from(resource: &Resource) -> Self {
        let mut facts = Facts::default();
        facts.text("id", &resource.id.id);
        facts.text("display_name", &resource.display_name);
        facts.text("description", &resource.description);
        let parent = resource.parent.as_ref();
        facts.text("parent_id", parent.map_or("", |parent| &parent.id));
        if let Some(found) = resource.traits.first() {
            facts.text("trait", found.kind().name());
        }
        for found in &resource.traits {
            match found {
                ResourceTrait::User(user) => of_user(user, &mut facts),
                ResourceTrait::App(AppTrait { help_url, .. }) => facts.text("help_url", help_url),
                ResourceTrait::Secret(secret) => of_secret(secret, &mut facts),
                ResourceTrait::Agent(agent) => of_agent(agent, &mut facts),
                ResourceTrait::Group(_) | ResourceTrait::Role(_) => {}
            }
        }
        if let Some(identity) = &resource.non_human_identity {
            let nhi_type = match identity.nhi_type {
                NhiType::Unspecified => "unspecified",
                NhiType::AppRegistration => "app_registration",
                NhiType::AssumableRole => "assumable_role",
                NhiType::ManagedIdentity => "managed_identity",
            };
            facts.text("nhi_type", nhi_type);
            facts.text("nhi_detail", &identity.detail);
        }
        facts.profile(&resource.profile);
        for profile in resource.traits.iter().filter_map(ResourceTrait::profile) {
            facts.profile(profile);
        }
        facts
    }
}

fn of_user(user: &UserTrait, facts: &mut Facts) {
    let mut emails = user.emails.iter();
    let primary = emails.find(|email| email.is_primary);
    let address = |email: &crate::model::Email| email.address.clone();
    facts.text("email", primary.map_or(String::new(), address));
    facts.list("emails", user.emails.iter().map(|email| &email.address));
    facts.text("login", &user.login);
    facts.list("login_aliases", &user.login_aliases);
    let status = match user.status {
        UserStatus::Unspecified => "unspecified",
        UserStatus::Enabled => "enabled",
        UserStatus::Disabled => "disabled",
        UserStatus::Deleted => "deleted",
    };
    facts.text("status", status);
    facts.text("status_details", &user.status_details);
    let account_type = match user.account_type {
        AccountType::Unspecified => "unspecified",
        AccountType::Human => "human",
        AccountType::Service => "service",
        AccountType::System => "system",
    };
    facts.text("account_type", account_type);
    facts.text("last_login", moment(user.last_login));
    facts.list("employee_ids", &user.employee_ids);
}

fn of_secret(secret: &SecretTrait, facts: &mut Facts) {
    let credential_type = match secret.credential_type {
        CredentialType::Unspecified => "unspecified",
        CredentialType::StaticSecret => "static_secret",
        CredentialType::AsymmetricKey => "asymmetric_key",
        CredentialType::Certificate => "certificate",
    };
    facts.text("credential_type", credential_type);
    facts.text("credential_detail", &secret.credential_detail);
    facts.text("expires_at", moment(secret.expires_at));
    facts.text("last_used_at", moment(secret.last_used_at));
}

fn of_agent(agent: &AgentTrait, facts: &mut Facts) {
    let status = match agent.status {
        AgentStatus::Unspecified => "unspecified",
        AgentStatus::Ready => "ready",
        AgentStatus::Disabled => "disabled",
        AgentStatus::Deleted => "deleted",
    };
    facts.text("status", status);
    let identity = agent.identity.as_ref().map(ToString::to_string);
    facts.text("identity", identity.unwrap_or_default());
}

impl From<&Entitlement> for Facts {
    fn from(entitlement: &Entitlement) -> Self {
        let mut facts = Facts::default();
        let resource = &entitlement.resource.id;
        facts.text(
            "id",
            local_id(entitlement.id.as_str(), &resource.to_string()),
        );
        facts.text("resource_id", &resource.id);
        facts.text("display_name", &entitlement.display_name);
        facts.text("description", &entitlement.description);
        facts.text("slug", &entitlement.slug);
        let purpose = match entitlement.purpose {
            Purpose::Unspecified => "unspecified",
            Purpose::Assignment => "assignment",
            Purpose::Permission => "permission",
            Purpose::Ownership => "ownership",
        };
        facts.text("purpose", purpose);
        facts.list(
            "grantable_to",
            entitlement.grantable_to.iter().map(|id| &id.0),
        );
        facts.text("immutable", entitlement.immutable.to_string());
        let group = entitlement.exclusion_group.as_ref();
        facts.text("exclusion_group", group.map_or("", |group| &group.id));
        facts
    }
}

impl From<&Grant> for Facts {
    fn from(grant: &Grant) -> Self {
        let mut facts = Facts::default();
        let resource = &grant.resource.id;
        facts.text("principal_type", grant.principal.resource_type.as_str());
        facts.text("principal_id", &grant.principal.id);
        let entitlement = grant.entitlement.as_str();
        facts.text(
            "entitlement_id",
            local_id(entitlement, &resource.to_string()),
        );
        facts.text("resource_id", &resource.id);
        let expansion = grant.expansion.as_ref();
        facts.list(
            "expandable",
            expansion.iter().flat_map(|it| &it.entitlement_ids),
        );
        let shallow = expansion.is_some_and(|expansion| expansion.shallow);
        facts.text("shallow", shallow.to_string());
        let external = match &grant.external_match {
            None => String::new(),
            Some(ExternalMatch::Id(id)) => id.clone(),
            Some(ExternalMatch::Attribute { kind, key, value }) => {
                format!("{}.{key}={value}", kind.name())
            }
            Some(ExternalMatch::All(kind)) => kind.name().to_owned(),
        };
        facts.text("external_match", external);
        facts
    }
}

/// The id of an entitlement as mappings write it: without its resource before it.
fn local_id<'i>(full: &'i str, resource: &str) -> &'i str {
    let local = full.strip_prefix(resource);
    local
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(full)
}
