//! Where in the configuration something is, as the author would say it.

use std::fmt;

/// The way from the root of a file to a value: `resource_types.user.list.map[0].id`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<String>);

impl Path {
    /// Goes one key down. List items are written `[0]`.
    pub fn push(&mut self, key: impl Into<String>) {
        self.0.push(key.into());
    }

    /// Goes one key up.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// True at the top of the file.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            if index > 0 && !key.starts_with('[') {
                f.write_str(".")?;
            }
            f.write_str(key)?;
        }
        Ok(())
    }
}
