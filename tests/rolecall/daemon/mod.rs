//! Service mode: the connection to a platform, and what tasks come to.

mod link;
mod link_faults;
mod link_upload;
mod scripted;
mod task;
