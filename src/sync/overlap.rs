//! Pages asked for by number → whether a record was on two of them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use crate::source::Page;

/// How many records of a listing are remembered: 8 to 16 bytes each.
const MOST: usize = 1 << 20;

/// What the pages of a listing held. A record is known again when it is the same in every field: a
/// listing may well bring several records of one thing, but not one record twice.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    /// Hashes of the records of the pages before.
    before: HashSet<u64>,
    /// And of the present page, as far as it has come.
    page: Vec<u64>,
}

impl Overlap {
    /// Takes a page, or a part of one; true when it has a record that an earlier page had.
    pub fn found(&mut self, page: &Page) -> bool {
        if !page.numbered {
            return false;
        }
        let begun = self.page.len();
        self.page.extend(page.records.iter().map(|record| {
            let mut hasher = DefaultHasher::new();
            record.hash_into(&mut hasher);
            hasher.finish()
        }));
        let mut new = self.page[begun..].iter();
        let found = new.any(|record| self.before.contains(record));
        if !page.more {
            let room = MOST.saturating_sub(self.before.len());
            self.before.extend(self.page.drain(..).take(room));
        }
        found
    }

    /// Forgets everything: it comes again.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Value;

    fn page(ids: &[i64], more: bool) -> Page {
        Page {
            records: ids.iter().map(|id| Value::Int(*id)).collect(),
            numbered: true,
            more,
            ..Page::default()
        }
    }

    #[test]
    fn a_record_is_missed_on_its_own_page_and_found_on_another() {
        let mut overlap = Overlap::default();
        // Parts of one page, with a record that is there twice.
        assert!(!overlap.found(&page(&[1, 2, 2], true)));
        assert!(!overlap.found(&page(&[2, 3], false)));
        assert!(!overlap.found(&page(&[4, 5], false)));
        assert!(overlap.found(&page(&[6, 3], false)));
        overlap.clear();
        assert!(!overlap.found(&page(&[1, 2], false)));
    }

    #[test]
    fn pages_that_have_no_numbers_may_overlap() {
        let mut overlap = Overlap::default();
        for _ in 0..2 {
            let page = Page {
                numbered: false,
                ..page(&[1], false)
            };
            assert!(!overlap.found(&page));
        }
    }
}
