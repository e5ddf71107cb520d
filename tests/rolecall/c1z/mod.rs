//! Sync files: what is written, what is read, and what `inspect` shows of it.

mod arbitrary;
mod bad_input;
mod container;
mod damage;
mod diff;
mod export;
pub mod files;
mod golden;
mod ids;
mod inspect;
mod keep;
mod kill;
mod message;
mod other_writers;
mod pack;
mod protobuf_json;
mod rework;
mod room;
mod samples;
mod schema;
mod verify;
mod work_file;
