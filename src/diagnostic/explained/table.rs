//! Which file explains which code.
//!
//! A code that is added needs its file and its line here; a test says which are missing.

macro_rules! table {
    ($folder:literal: $($code:literal)*) => {
        &[$(($code, include_str!(concat!($folder, "/", $code, ".md")))),*]
    };
}

pub(super) const DIAGNOSTICS: &[(&str, &str)] = table!("diagnostics":
);

pub(super) const FINDINGS: &[(&str, &str)] = table!("findings":
);
