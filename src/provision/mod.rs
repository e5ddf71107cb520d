//! A change that somebody asks for → what is sent, what became of it, and the proof.
//!
//! Every operation (a file each: [`grant`], [`revoke`] …) makes a [`Prepared`] of what is asked for:
//! a compiled change, the values of its variables, and how the system is asked afterwards whether it
//! is so. [`Prepared::plan`] shows what would be sent, [`Prepared::run`] does it. Nothing else writes
//! to a system.

mod action;
mod ask;
mod audit;
mod holding;
mod http;
mod outcome;
mod planned;
mod prepared;
mod proof;
mod run;
mod sql;
mod steps;

pub use action::{
    ActionSchema, ActionState, ActionStatus, ActionValueSchema, Actions, Invocation,
    action_schemas, invoke,
};
pub use ask::AskError;
pub use audit::{AuditFile, Intent, Journal, NoJournal, Unfinished, Who};
pub use holding::{Holding, grant, revoke};
pub use outcome::{Annotation, Outcome, ReadBackReport, StepReport, StepState, Subject, Verdict};
pub use planned::{PlannedStep, Sent};
pub use prepared::{Deed, Prepared, Timing};
pub use proof::{Look, NoProof, Proof};
pub use run::{Finished, RunOptions};
