//! Tasks, run against real systems: what the platform is answered, and what the system has afterwards.

mod about;
mod accounts;
mod actions;
mod again;
mod bad;
mod desk;
mod events;
mod grants;
mod resources;
mod syncs;
