//! Tests in a connector file → what differed, and which of its programs they reached.
//!
//! A test runs the real sync of one listing into a scratch work file: only where its pages come from is
//! another thing.

mod came;
mod case;
mod compare;
mod coverage;
mod expected;
mod facts;
mod given;
mod junit;
mod kept;
mod narrow;
mod run;
mod stand_in;
mod suite;

pub use case::{Case, Tested};
pub use compare::Difference;
pub use coverage::{Coverage, CoverageView, Gap};
pub use junit::junit;
pub use suite::{Suite, check_beside};
