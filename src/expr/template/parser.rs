//! Actions → a tree whose names are all known: variables resolved to places, functions to the
//! table, fields checked as far as they can be.

use std::ops::Range;

use super::functions::Function;
use super::lexer::{Piece, split, syntax};
use super::words::Words;
use crate::diagnostic::nearest;
use crate::expr::{ExprError, Value, Variables};

/// How deep blocks and parentheses may be nested: deeper text is not a template but an attack on
/// the stack.
const DEEPEST: usize = 64;

/// How many words an action may have, for the same reason: each `.a` and each `|` nests.
const LONGEST: usize = 256;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    /// Writes a value.
    Output(Expr, Range<usize>),
    /// `$x := …` and `$x = …`.
    Set {
        place: usize,
        value: Expr,
        range: Range<usize>,
    },
    If {
        condition: Block,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    /// Like `If`, with the dot set to the value.
    With {
        condition: Block,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    /// `variables` is how many of index and item the loop declares.
    Range {
        over: Block,
        variables: usize,
        each: Vec<Node>,
        otherwise: Vec<Node>,
    },
}

/// The pipeline that opens a block, and whether its value is also kept in a variable.
#[derive(Debug)]
pub(super) struct Block {
    /// The whole action, for messages.
    pub range: Range<usize>,
    pub value: Expr,
    pub declares: bool,
}

/// Something that has a value.
#[derive(Debug)]
pub(super) enum Expr {
    Literal(Value),
    Dot,
    Root,
    Variable(usize),
    Field(Box<Expr>, String),
    Call {
        function: &'static Function,
        arguments: Vec<Expr>,
    },
}

/// Parses a template; returns every mistake that can be told apart.
pub(super) fn parse(source: &str, variables: Variables) -> Result<Vec<Node>, Vec<ExprError>> {
    let pieces = split(source).map_err(|problem| vec![problem])?;
    let mut parser = Parser {
        variables,
        pieces: pieces.into_iter(),
        locals: Vec::new(),
        dot_is_root: true,
        depth: 0,
        found: Vec::new(),
    };
    let parsed = parser.nodes(None).map(|(nodes, _)| nodes);
    match parsed {
        Ok(nodes) if parser.found.is_empty() => Ok(nodes),
        Ok(_) => Err(parser.found),
        Err(problem) => {
            parser.found.push(problem);
            Err(parser.found)
        }
    }
}

pub(super) struct Parser {
    pub variables: Variables,
    pieces: std::vec::IntoIter<Piece>,
    /// Variables in sight; their index is their place when rendering.
    locals: Vec<String>,
    pub dot_is_root: bool,
    pub depth: usize,
    /// Mistakes after which reading can go on.
    pub found: Vec<ExprError>,
}

/// What ended a list of nodes.
enum Closed {
    End,
    Else,
    /// The rest of an `else if`.
    ElseIf(Words),
    Source,
}

impl Parser {
    /// Reads up to the end of the block that was opened at `block`, or of the template.
    fn nodes(&mut self, block: Option<&Range<usize>>) -> Result<(Vec<Node>, Closed), ExprError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (tokens, range) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens, range) => (tokens, range),
            };
            if tokens.len() > LONGEST {
                let help = "keep intermediate values in variables: `{{ $x := … }}`";
                return Err(syntax("this action is too long", range, help));
            }
            let mut words = Words {
                tokens: tokens.into_iter().peekable(),
                action: range.clone(),
            };
            let keyword = words.keyword();
            match (keyword.as_deref(), block) {
                (Some("if" | "with" | "range"), _) => {
                    let keyword = keyword.unwrap_or_default();
                    nodes.push(self.block(&keyword, words)?);
                }
                (Some("end"), Some(_)) => {
                    words.finish()?;
                    return Ok((nodes, Closed::End));
                }
                (Some("else"), Some(_)) if words.next_is_word("if") => {
                    words.keyword();
                    return Ok((nodes, Closed::ElseIf(words)));
                }
                (Some("else"), Some(_)) => {
                    words.finish()?;
                    return Ok((nodes, Closed::Else));
                }
                (Some(word @ ("end" | "else")), None) => {
                    let message = format!("`{word}` closes a block, but none is open");
                    return Err(syntax(message, range, "remove it"));
                }
                (Some(word), _) => {
                    let message = format!("`{word}` is not supported");
                    let help = "templates here have `if`, `with`, `range`, `else` and `end`";
                    return Err(syntax(message, range, help));
                }
                (None, _) => nodes.push(self.statement(words)?),
            }
        }
        match block {
            Some(open) => Err(syntax(
                "this block is not closed",
                open.clone(),
                "write `{{ end }}`",
            )),
            None => Ok((nodes, Closed::Source)),
        }
    }

    fn block(&mut self, keyword: &str, mut words: Words) -> Result<Node, ExprError> {
        let open = words.action.clone();
        let (outer, root) = (self.locals.len(), self.dot_is_root);
        self.deeper(&open)?;
        let names = words.declared(keyword == "range")?;
        let value = self.pipeline(&mut words)?;
        words.finish()?;
        let declares = !names.is_empty();
        let variables = names.len();
        self.locals.extend(names);
        if keyword != "if" {
            self.dot_is_root = false;
        }
        let (body, end) = self.nodes(Some(&open))?;
        self.dot_is_root = root;
        // The condition's variable is still in sight in `else`; the loop's are not.
        self.locals.truncate(if keyword == "range" {
            outer
        } else {
            outer + variables
        });
        let otherwise = match end {
            Closed::End | Closed::Source => Vec::new(),
            Closed::ElseIf(words) => {
                let nested = words.action.clone();
                if keyword != "if" {
                    let message = format!("`else if` cannot follow `{keyword}`");
                    return Err(syntax(
                        message,
                        nested,
                        "write `{{ else }}` and an `if` inside",
                    ));
                }
                vec![self.block("if", words)?]
            }
            Closed::Else => match self.nodes(Some(&open))? {
                (nodes, Closed::End) => nodes,
                _ => return Err(syntax("this block has a second `else`", open, "remove one")),
            },
        };
        self.locals.truncate(outer);
        self.depth -= 1;
        let block = Block {
            range: open,
            value,
            declares,
        };
        Ok(match keyword {
            "if" => Node::If {
                condition: block,
                then: body,
                otherwise,
            },
            "with" => Node::With {
                condition: block,
                then: body,
                otherwise,
            },
            _ => Node::Range {
                over: block,
                variables,
                each: body,
                otherwise,
            },
        })
    }

    /// A value to write, or a variable to set.
    fn statement(&mut self, mut words: Words) -> Result<Node, ExprError> {
        let range = words.action.clone();
        let target = words.assignment()?;
        let value = self.pipeline(&mut words)?;
        words.finish()?;
        Ok(match target {
            None => Node::Output(value, range),
            Some((name, true, _)) => {
                self.locals.push(name);
                Node::Set {
                    place: self.locals.len() - 1,
                    value,
                    range,
                }
            }
            Some((name, false, at)) => Node::Set {
                place: self.local(&name, at)?,
                value,
                range,
            },
        })
    }

    pub(super) fn local(&self, name: &str, at: Range<usize>) -> Result<usize, ExprError> {
        self.locals
            .iter()
            .rposition(|local| local == name)
            .ok_or_else(|| {
                let message = format!("`${name}` is not set here");
                let unknown = |help| ExprError::new("unknown-variable", message, at, help);
                match nearest(name, self.locals.iter().map(String::as_str)) {
                    Some(close) => {
                        unknown(format!("did you mean `${close}`?")).instead(format!("${close}"))
                    }
                    None => unknown(format!("set it first: `{{{{ ${name} := … }}}}`")),
                }
            })
    }

    pub(super) fn deeper(&mut self, at: &Range<usize>) -> Result<(), ExprError> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(syntax(
                "this is nested too deeply",
                at.clone(),
                "split the template",
            )),
            false => Ok(()),
        }
    }
}
