//! What the answers and the parameters of an API say: where the items are, and how they are paged.

mod answer;
mod paging;
mod path;

pub(super) use answer::{Answer, is_scalar_list};
pub(super) use paging::{Parameter, of_cursor, paging, unexplained};
pub(super) use path::path_text;
