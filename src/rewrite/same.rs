//! Whether two files say the same.

use crate::config::{Node, NodeValue};

/// Whether two trees are the same, wherever their parts stand: texts, what is quoted, the order of
/// keys.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (NodeValue::Null, NodeValue::Null) => true,
        (
            NodeValue::Scalar { text, quoted },
            NodeValue::Scalar {
                text: other,
                quoted: as_text,
            },
        ) => text == other && quoted == as_text,
        (NodeValue::List(a), NodeValue::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (NodeValue::Map(a), NodeValue::Map(b)) => {
            let equal = |((key, a), (other, b)): (&(_, _), &(_, _))| {
                let (key, other): (&crate::config::Key, &crate::config::Key) = (key, other);
                key.text == other.text && same(a, b)
            };
            a.len() == b.len() && a.iter().zip(b).all(equal)
        }
        _ => false,
    }
}
