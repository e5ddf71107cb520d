//! Stores that fail, and graphs that are larger than a stack.

use proptest::prelude::*;
use rolecall::expansion::{self, Expandable, GrantStore, Holding, Source};
use rolecall::model::{GrantExpansion, ResourceId};

use super::memory::Memory;
use super::properties::any_graph;

/// A store that fails when it was asked something so many times.
struct Failing {
    memory: Memory,
    calls_left: usize,
    reads: usize,
}

#[derive(Debug)]
struct Failed;

impl Failing {
    fn call(&mut self) -> Result<&mut Memory, Failed> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Failed)?;
        Ok(&mut self.memory)
    }
}

fn surely<T>(result: Result<T, std::convert::Infallible>) -> T {
    let Ok(value) = result;
    value
}

impl GrantStore for Failing {
    type Error = Failed;

    fn expandable(&mut self, each: &mut dyn FnMut(Expandable)) -> Result<(), Failed> {
        self.reads += 1;
        surely(self.call()?.expandable(each));
        Ok(())
    }

    fn resource_of(&mut self, entitlement: &str) -> Result<Option<ResourceId>, Failed> {
        Ok(surely(self.call()?.resource_of(entitlement)))
    }

    fn holdings(
        &mut self,
        number_of: &dyn Fn(&str) -> Option<u32>,
        each: &mut dyn FnMut(u32, Holding<'_>),
    ) -> Result<(), Failed> {
        self.reads += 1;
        surely(self.call()?.holdings(number_of, each));
        Ok(())
    }

    fn create(
        &mut self,
        entitlement: &str,
        principal: &ResourceId,
        sources: &[Source<'_>],
    ) -> Result<bool, Failed> {
        Ok(surely(self.call()?.create(entitlement, principal, sources)))
    }

    fn widen(
        &mut self,
        row: i64,
        entitlement: &str,
        sources: &[Source<'_>],
    ) -> Result<bool, Failed> {
        Ok(surely(self.call()?.widen(row, entitlement, sources)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever was written before a failure, expanding again comes to the same end; and a failure
    /// while the grants are read leaves all as it was.
    #[test]
    fn an_expansion_that_failed_anywhere_can_be_done_again(memory in any_graph(false)) {
        let mut undisturbed = memory.clone();
        undisturbed.expand();
        for calls in 0.. {
            let mut failing = Failing { memory: memory.clone(), calls_left: calls, reads: 0 };
            let ended = expansion::expand(&mut failing).is_ok();
            if failing.memory.rows.len() == memory.rows.len() && failing.reads < 2 {
                prop_assert_eq!(failing.memory.sorted(), memory.sorted());
            }
            failing.memory.expand();
            prop_assert_eq!(failing.memory.sorted(), undisturbed.sorted(), "after {} calls", calls);
            if ended {
                // However many entitlements wait for a source, all grants are read once.
                prop_assert!(failing.reads <= 2);
                break;
            }
        }
    }
}

/// A group in a group in a group …, and the last one in the first when it is a ring.
fn nested(groups: usize, ring: bool) -> Memory {
    let mut memory = Memory::default();
    let group = |number: usize| ResourceId::new("group", format!("{number:06}"));
    for number in 0..groups {
        memory.entitlement(&group(number), "member");
    }
    let member = |number: usize| format!("{}:member", group(number));
    for outer in 1..groups + usize::from(ring) {
        let row = memory.grant(&member(outer % groups), &group(outer - 1));
        let expansion = GrantExpansion {
            entitlement_ids: vec![member(outer - 1)],
            shallow: false,
            resource_type_ids: vec![rolecall::model::ResourceTypeId::new("user")],
        };
        memory.expansions.push((row, expansion));
    }
    memory.grant(&member(0), &ResourceId::new("user", "ada"));
    memory
}

#[test]
fn groups_are_followed_to_any_depth_on_a_small_stack() {
    let deep = |ring| {
        let mut memory = nested(100_000, ring);
        let expanded = memory.expand();
        assert_eq!((expanded.created, expanded.widened), (99_999, 0));
        let ada = memory.rows.iter().filter(|row| row.principal.id == "ada");
        assert!(ada.clone().all(|row| row.sources.len() <= 1));
        assert_eq!(ada.count(), 100_000);
    };
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let ran = small
        .spawn(move || [false, true].map(deep))
        .expect("a thread");
    ran.join().expect("the stack is large enough");
}
