//! How deep an expression may nest, and the stack that the interpreter needs for it.
//!
//! The interpreter parses and evaluates by recursion, with large frames. What is written by hand is
//! shallow; what a program wrote may not be, and must not end the process.

use std::ops::Range;

use super::ExprError;

/// Operators, brackets and calls in one expression. People write a dozen.
const MOST_NODES: usize = 400;

/// Brackets within brackets.
const DEEPEST: usize = 60;

/// Nodes from which on an expression gets a stack of its own. Making one costs as much as many
/// evaluations, so ordinary expressions do without; the threads of the runtime have room for them.
const SHALLOW: usize = 30;

/// Enough for the deepest expression in a build without optimisation.
const STACK: usize = 64 << 20;

/// How much an expression nests at most: more for more operators and brackets.
pub(super) fn nodes(source: &str) -> usize {
    source
        .bytes()
        .filter(|byte| b"([{+-*/%<>=!&|?,.".contains(byte))
        .count()
}

/// Refuses an expression that nests too deeply to be evaluated safely.
pub(super) fn check(source: &str) -> Result<(), ExprError> {
    let mut depth = 0_usize;
    let mut deepest: (usize, Range<usize>) = (0, 0..0);
    for (at, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > deepest.0 {
            deepest = (depth, at..at + 1);
        }
    }
    let (message, range) = match (deepest.0 > DEEPEST, nodes(source) > MOST_NODES) {
        (true, _) => (
            format!("brackets are nested more than {DEEPEST} deep"),
            deepest.1,
        ),
        (_, true) => {
            let end = source.chars().next().map_or(0, char::len_utf8);
            (
                format!("the expression has more than {MOST_NODES} operators"),
                0..end,
            )
        }
        _ => return Ok(()),
    };
    let help = "split it, or do the work in the query";
    Err(ExprError::new("cel-syntax", message, range, help))
}

/// Runs the interpreter on an expression with so many nodes, with enough stack.
pub(super) fn with_stack<T>(nodes: usize, run: impl FnOnce() -> T) -> T {
    if nodes <= SHALLOW {
        run()
    } else {
        stacker::maybe_grow(STACK / 2, STACK, run)
    }
}

/// Runs what compiles many expressions with a stack that is enough for each of them, so that none has to
/// make one of its own: that costs more than parsing does.
pub(crate) fn with_room<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK / 4 * 3, STACK, run)
}

#[cfg(test)]
mod tests {
    use crate::expr::{CelProgram, Inputs, Scope, Variables};

    /// On a thread with a small stack, as those of tests and of the runtime are.
    #[test]
    fn no_expression_is_too_deep_for_the_stack() {
        let repeated = |text: &str, times: usize| text.repeat(times);
        for times in [10, 50, 59, 61, 199, 398, 405, 20_000] {
            let sources = [
                format!("{}'a'{}", repeated("(", times), repeated(")", times)),
                format!("'a'{}", repeated(" + 'a'", times)),
                format!("{}'a'", repeated("true ? 'b' : ", times)),
                format!("{}true", repeated("!", times)),
                format!("{}1{}", repeated("[", times), repeated("]", times)),
            ];
            for source in sources {
                if let Ok(program) = CelProgram::compile(&source, Variables::of(&[])) {
                    let inputs = Inputs::new();
                    let scope = Scope::new(&inputs, None);
                    assert!(program.value(&scope).is_ok(), "{times} times");
                }
            }
        }
        assert!(
            CelProgram::compile(&format!("'a'{}", " + 'a'".repeat(100)), Variables::of(&[]))
                .is_ok()
        );
    }
}
