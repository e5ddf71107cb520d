//! A daemon against a platform, over TLS, with everything between them that may fail.

mod faults;
mod killed;
mod proxy;
mod site;
mod soak;
mod tasks;
mod wrong;
