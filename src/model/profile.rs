//! The free-form attributes of a resource.

use indexmap::IndexMap;

/// Attributes of a resource by name, in the order they were mapped.
pub type Profile = IndexMap<String, ProfileValue>;

/// One attribute. Connectors write text; files of other programs hold any of these.
#[derive(Debug, Clone, PartialEq)]
pub enum ProfileValue {
    /// Absent by intent.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, always a double in the c1z.
    Number(f64),
    /// Text, the only kind that mappings produce.
    Text(String),
    /// Several values.
    List(Vec<ProfileValue>),
    /// Nested attributes.
    Map(Profile),
}

impl From<String> for ProfileValue {
    fn from(text: String) -> Self {
        ProfileValue::Text(text)
    }
}
