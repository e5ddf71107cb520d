//! Databases through ODBC: a connection's settings → rows, by whichever driver is installed.
//!
//! What a driver is told, and what a query may look like, is known in every build, so that files are
//! checked everywhere. Running them needs the feature `odbc`, which links unixODBC.

mod keywords;
mod settings;
#[cfg_attr(
    not(feature = "odbc"),
    allow(dead_code, reason = "asked only where statements run")
)]
mod system;
mod vendor;

#[cfg(not(feature = "odbc"))]
mod absent;
#[cfg(feature = "odbc")]
mod answer;
#[cfg(feature = "odbc")]
mod bound;
#[cfg(feature = "odbc")]
mod change;
#[cfg(feature = "odbc")]
mod column;
#[cfg(feature = "odbc")]
mod database;
#[cfg(feature = "odbc")]
mod driver;
#[cfg(feature = "odbc")]
mod failure;
#[cfg(feature = "odbc")]
mod parameter;
#[cfg(feature = "odbc")]
mod session;
#[cfg(feature = "odbc")]
mod value;

#[cfg(not(feature = "odbc"))]
use absent::open;
#[cfg(feature = "odbc")]
use database::open;

pub use keywords::{Keywords, split, unbraced};
pub use settings::{Address, Settings};
pub use system::System;
pub use vendor::Vendor;
