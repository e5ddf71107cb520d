//! The words that systems use for statuses and kinds → the protocol's closed sets.
//!
//! Matching ignores case. The sets are those of the SQL connectors, so that files keep their
//! meaning; a word outside of them is remarked on and maps to "unspecified".

use super::field::FieldContext;
use crate::config::resource_type::TraitWord;
use crate::config::scalar::ExprText;
use crate::diagnostic::{Diagnostic, Edit, nearest};
use crate::expr::{Expression, Kind};
use crate::model::{
    AccountType, AgentStatus, CredentialType, NhiType, Purpose, TraitKind, UserStatus,
};

/// A closed set: the word's meaning, and the words to write.
pub(super) struct Words<T: 'static> {
    meaning: fn(&str) -> Option<T>,
    choices: &'static str,
}

impl<T> Words<T> {
    /// What a word means, whatever its case.
    pub fn meaning(&self, word: &str) -> Option<T> {
        (self.meaning)(word.trim().to_lowercase().as_str())
    }

    /// The word that another one nearly is.
    pub fn nearest(&self, word: &str) -> Option<&'static str> {
        let words = self.choices.split('`').skip(1).step_by(2);
        nearest(word, words)
    }

    /// Compiles a field that holds one of the words, and warns of those written in it that are none.
    /// `code` names the warning.
    pub fn compile(
        &self,
        name: &str,
        source: &Option<ExprText>,
        code: &'static str,
        fields: &mut FieldContext,
    ) -> Option<Expression> {
        let source = source.as_ref()?;
        let before = fields.cx.diagnostics.len();
        let expression = fields
            .cx
            .expression(source, fields.bare, fields.variables)?;
        if fields.cx.diagnostics.len() > before {
            return Some(expression); // what is wrong with the text as a whole comes first
        }
        if let Some(kind) = expression
            .kinds()
            .into_iter()
            .find(|kind| [Kind::Truth, Kind::List, Kind::Map].contains(kind))
        {
            let message = format!("{kind} is no {name}");
            let help = match kind {
                Kind::Truth => format!(
                    "choose a word: `… ? 'this' : 'that'`; it is {}",
                    self.choices
                ),
                _ => format!("write {}", self.choices),
            };
            fields.cx.warning(code, source.0.span, message, &help);
        }
        for word in expression.possible_texts() {
            if word.trim().is_empty() || self.meaning(word).is_some() {
                continue;
            }
            let text = &source.0;
            // In an expression the word stands in quotes; a column may have the same name.
            let quoted = ["'", "\""].iter().find_map(|quote| {
                let at = text.text.find(&format!("{quote}{word}{quote}"))?;
                Some(at + quote.len())
            });
            let span = match quoted.or_else(|| text.text.find(word)) {
                Some(start) => fields.cx.locate(text, start..start + word.len()),
                None => text.span,
            };
            let message = format!("`{word}` is no {name}");
            let meant = self.nearest(word);
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("write {}", self.choices),
            };
            let at = fields.cx.at(span);
            let written = at.file.text().get(span.start..span.end);
            let exact = written == Some(word);
            let fix = meant
                .filter(|_| exact)
                .map(|meant| Edit::replace(span, meant));
            let wrong = Diagnostic::warning(code, at, message).help(help);
            fields.cx.note(wrong.fix_if(fix));
        }
        Some(expression)
    }
}

/// The trait that a word of the file names.
pub fn trait_kind(word: TraitWord) -> TraitKind {
    match word {
        TraitWord::User => TraitKind::User,
        TraitWord::Group => TraitKind::Group,
        TraitWord::Role => TraitKind::Role,
        TraitWord::App => TraitKind::App,
        TraitWord::Secret => TraitKind::Secret,
        TraitWord::Agent => TraitKind::Agent,
    }
}

pub(super) const USER_STATUS: Words<UserStatus> = Words {
    meaning: user_status,
    choices: "`active` or `enabled`, `disabled`, `inactive`, `suspended` or `locked`, or `deleted`",
};

fn user_status(word: &str) -> Option<UserStatus> {
    Some(match word {
        "active" | "enabled" => UserStatus::Enabled,
        "disabled" | "inactive" | "suspended" | "locked" => UserStatus::Disabled,
        "deleted" => UserStatus::Deleted,
        _ => return None,
    })
}

pub(super) const ACCOUNT_TYPE: Words<AccountType> = Words {
    meaning: account_type,
    choices: "`human` or `user`, `service`, or `system`",
};

fn account_type(word: &str) -> Option<AccountType> {
    Some(match word {
        "user" | "human" => AccountType::Human,
        "service" => AccountType::Service,
        "system" => AccountType::System,
        _ => return None,
    })
}

pub(super) const CREDENTIAL_TYPE: Words<CredentialType> = Words {
    meaning: credential_type,
    choices: "`static_secret`, `asymmetric_key` or `certificate`",
};

fn credential_type(word: &str) -> Option<CredentialType> {
    Some(match word {
        "static_secret" => CredentialType::StaticSecret,
        "asymmetric_key" => CredentialType::AsymmetricKey,
        "certificate" => CredentialType::Certificate,
        _ => return None,
    })
}

pub(super) const AGENT_STATUS: Words<AgentStatus> = Words {
    meaning: agent_status,
    choices: "`ready`, `active` or `enabled`, `disabled` or `inactive`, or `deleted`",
};

fn agent_status(word: &str) -> Option<AgentStatus> {
    Some(match word {
        "ready" | "active" | "enabled" => AgentStatus::Ready,
        "disabled" | "inactive" => AgentStatus::Disabled,
        "deleted" => AgentStatus::Deleted,
        _ => return None,
    })
}

pub(super) const NHI_TYPE: Words<NhiType> = Words {
    meaning: nhi_type,
    choices: "`app_registration`, `assumable_role` or `managed_identity`",
};

fn nhi_type(word: &str) -> Option<NhiType> {
    Some(match word {
        "app_registration" => NhiType::AppRegistration,
        "assumable_role" => NhiType::AssumableRole,
        "managed_identity" => NhiType::ManagedIdentity,
        _ => return None,
    })
}

pub(super) const PURPOSE: Words<Purpose> = Words {
    meaning: purpose,
    choices: "`assignment`, `permission` or `ownership`",
};

fn purpose(word: &str) -> Option<Purpose> {
    Some(match word {
        "assignment" => Purpose::Assignment,
        "permission" => Purpose::Permission,
        "ownership" => Purpose::Ownership,
        _ => return None,
    })
}
