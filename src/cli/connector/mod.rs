//! `rolecall connector`, and rolecall called as `baton-http` or `baton-sql`: the flags of those
//! connectors → the commands of this program.

mod flags;
mod translate;

pub(super) use flags::Flags;
pub(super) use translate::translate;

use std::path::Path;

/// The names under which the program is such a connector.
const NAMES: [&str; 2] = ["baton-http", "baton-sql"];

/// Whether the program was called by one of those names, by a link for example.
pub(super) fn is_called_so(program: Option<&std::ffi::OsStr>) -> bool {
    let name = program.and_then(|program| Path::new(program).file_name()?.to_str());
    name.is_some_and(|name| NAMES.contains(&name))
}
