//! `rolecall validate` and `rolecall explain-code`, as their users run them.
