//! A change that somebody asks for → what is sent, what became of it, and the proof.
//!
//! Every operation (a file each: [`grant`], [`revoke`] …) makes a [`Prepared`] of what is asked for:
//! a compiled change, the values of its variables, and how the system is asked afterwards whether it
//! is so. [`Prepared::plan`] shows what would be sent, [`Prepared::run`] does it. Nothing else writes
//! to a system.

mod account;
mod action;
mod ask;
mod audit;
mod capabilities;
mod form;
mod found;
mod hand_over;
mod held;
mod holding;
mod http;
mod making;
mod outcome;
mod password;
mod planned;
mod prepared;
mod proof;
mod resource;
mod rotation;
mod run;
mod sealing;
mod sql;
mod steps;
mod target;
mod wish;

pub use account::{AccountRequest, account_type, create_account};
pub use action::{
    ActionSchema, ActionState, ActionStatus, ActionValueSchema, Actions, Invocation,
    action_schemas, invoke,
};
pub use ask::AskError;
pub use audit::{AuditFile, AuditLog, Earlier, Intent, Journal, NoJournal, Unfinished, Who};
pub use capabilities::{
    Capabilities, Capability, CapableType, CredentialDetails, CredentialOption, CredentialOptions,
    TypeCapabilities,
};
pub use hand_over::{HandOver, SecretSink};
pub use holding::{Holding, grant, revoke};
pub use making::{Made, Making};
pub use outcome::{Annotation, Outcome, ReadBackReport, StepReport, StepState, Subject, Verdict};
pub use password::PasswordRules;
pub use planned::{PlannedStep, Sent};
pub use prepared::{Deed, Prepared, Timing};
pub use proof::{Look, NoProof, Proof};
pub use resource::{create_resource, delete_resource};
pub use rotation::rotate_credential;
pub use run::{Finished, RunOptions};
pub use sealing::{ClientSecret, Recipient, Sealed};
pub(crate) use sealing::{Jwk, PrivateKey};
pub use target::Target;
pub use wish::PasswordWish;
