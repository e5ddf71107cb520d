//! Service mode, from outside.

mod link;
mod link_faults;
mod link_upload;
mod scripted;
