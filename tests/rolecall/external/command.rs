//! `rolecall sync --external`: from two connector files to one sync file.
