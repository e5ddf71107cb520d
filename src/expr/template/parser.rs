//! Actions → a tree whose names are all known: variables resolved to places, functions to the
//! table, fields checked as far as they can be.

use std::ops::Range;

use super::functions::{self, Function};
use super::lexer::{Kind, Piece, Token, split, syntax};
use crate::expr::check::{RESOURCE_MEMBERS, nearest};
use crate::expr::{ExprError, Value, Variables};

/// How deep blocks and parentheses may be nested: deeper text is not a template but an attack on
/// the stack.
const DEEPEST: usize = 64;

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

struct Parser {
    variables: Variables,
    pieces: std::vec::IntoIter<Piece>,
    /// Variables in sight; their index is their place when rendering.
    locals: Vec<String>,
    dot_is_root: bool,
    depth: usize,
    /// Mistakes after which reading can go on.
    found: Vec<ExprError>,
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
        let block = Block { value, declares };
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
                }
            }
            Some((name, false, at)) => Node::Set {
                place: self.local(&name, at)?,
                value,
            },
        })
    }

    fn local(&self, name: &str, at: Range<usize>) -> Result<usize, ExprError> {
        self.locals
            .iter()
            .rposition(|local| local == name)
            .ok_or_else(|| ExprError {
                code: "unknown-variable",
                message: format!("`${name}` is not set here"),
                range: at,
                help: Some(
                    match nearest(name, self.locals.iter().map(String::as_str)) {
                        Some(close) => format!("did you mean `${close}`?"),
                        None => format!("set it first: `{{{{ ${name} := … }}}}`"),
                    },
                ),
            })
    }

    fn deeper(&mut self, at: &Range<usize>) -> Result<(), ExprError> {
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

    /// `a | f x | g`: each value becomes the last argument of the next function.
    fn pipeline(&mut self, words: &mut Words) -> Result<Expr, ExprError> {
        let mut value = self.command(words, None)?;
        while words.take(&Kind::Pipe).is_some() {
            value = self.command(words, Some(value))?;
        }
        Ok(value)
    }

    fn command(&mut self, words: &mut Words, piped: Option<Expr>) -> Result<Expr, ExprError> {
        let Some(token) = words.tokens.peek().cloned() else {
            let at = words.action.clone();
            return Err(syntax(
                "a value is missing here",
                at,
                "write a field such as `.resource.id`",
            ));
        };
        let function = match &token.kind {
            Kind::Word(name) if !is_constant(name) => Some(name.clone()),
            _ => None,
        };
        let Some(name) = function else {
            let value = self.operand(words)?;
            if piped.is_some() {
                let help = "after `|` stands a function, for example `urlquery`";
                return Err(syntax("this is not a function", token.range, help));
            }
            if words.starts_operand() {
                let help = "values stand alone; several are the arguments of a function";
                return Err(syntax(
                    "this value cannot take arguments",
                    token.range,
                    help,
                ));
            }
            return Ok(value);
        };
        words.tokens.next();
        let mut arguments = Vec::new();
        while words.starts_operand() {
            arguments.push(self.operand(words)?);
        }
        arguments.extend(piped);
        self.call(&name, token.range, arguments)
    }

    /// Resolves a function. An unknown one is noted and reading goes on, with an empty text in
    /// its place.
    fn call(
        &mut self,
        name: &str,
        at: Range<usize>,
        arguments: Vec<Expr>,
    ) -> Result<Expr, ExprError> {
        let problem = match functions::find(name) {
            None => ExprError {
                code: "unknown-function",
                message: format!("templates have no function `{name}`"),
                range: at,
                help: Some(match nearest(name, functions::names()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!(
                        "the functions are {}",
                        functions::names().collect::<Vec<_>>().join(", ")
                    ),
                }),
            },
            Some(function) => match function.check(&arguments) {
                Ok(()) => {
                    return Ok(Expr::Call {
                        function,
                        arguments,
                    });
                }
                Err(message) => syntax(message, at, function.usage),
            },
        };
        self.found.push(problem);
        Ok(Expr::Literal(Value::Text(String::new())))
    }

    fn operand(&mut self, words: &mut Words) -> Result<Expr, ExprError> {
        let Some(token) = words.tokens.next() else {
            return Err(syntax("a value is missing here", words.action.clone(), ""));
        };
        let at = token.range;
        let mut value = match token.kind {
            Kind::Dot => Expr::Dot,
            Kind::Field(name) => {
                if self.dot_is_root {
                    self.root_field(&name, &at, words);
                }
                Expr::Field(Box::new(Expr::Dot), name)
            }
            Kind::Variable(name) if name.is_empty() => {
                if let Some(Token {
                    kind: Kind::Field(field),
                    range,
                    glued: true,
                }) = words.tokens.peek().cloned()
                {
                    words.tokens.next();
                    self.root_field(&field, &range, words);
                    Expr::Field(Box::new(Expr::Root), field)
                } else {
                    Expr::Root
                }
            }
            Kind::Variable(name) => Expr::Variable(self.local(&name, at)?),
            Kind::Text(text) => Expr::Literal(Value::Text(text)),
            Kind::Int(number) => Expr::Literal(Value::Int(number)),
            Kind::Float(number) => Expr::Literal(Value::Float(number)),
            Kind::Word(word) if word == "nil" => Expr::Literal(Value::Null),
            Kind::Word(word) if is_constant(&word) => Expr::Literal(Value::Bool(word == "true")),
            Kind::Word(word) => {
                let help =
                    format!("put a function that is an argument in parentheses: `({word} …)`");
                return Err(syntax(format!("`{word}` cannot stand here"), at, &help));
            }
            Kind::Open => {
                self.deeper(&at)?;
                let inner = self.pipeline(words)?;
                self.depth -= 1;
                if words.take(&Kind::Close).is_none() {
                    return Err(syntax("this parenthesis is not closed", at, "write `)`"));
                }
                inner
            }
            _ => return Err(syntax("a value is missing here", at, "")),
        };
        while let Some(Token {
            kind: Kind::Field(name),
            glued: true,
            ..
        }) = words.tokens.peek()
        {
            value = Expr::Field(Box::new(value), name.clone());
            words.tokens.next();
        }
        Ok(value)
    }

    /// Checks a variable, and the member that follows it where the members are known.
    fn root_field(&mut self, name: &str, at: &Range<usize>, words: &mut Words) {
        let known = self.variables.names();
        if !known.contains(&name) {
            let help = match nearest(name, known.iter().copied()) {
                Some(close) => format!("did you mean `.{close}`?"),
                None if known.is_empty() => "no variable is known here".to_owned(),
                None => format!(
                    "known here: {}",
                    known
                        .iter()
                        .map(|n| format!("`.{n}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            self.found.push(ExprError {
                code: "unknown-variable",
                message: format!("`.{name}` is not known here"),
                range: at.clone(),
                help: Some(help),
            });
            return;
        }
        let resource = matches!(name, "resource" | "parent_resource" | "principal");
        if let (
            true,
            Some(Token {
                kind: Kind::Field(member),
                range,
                glued: true,
            }),
        ) = (resource, words.tokens.peek())
            && !RESOURCE_MEMBERS.contains(&member.as_str())
        {
            let help = match nearest(member, RESOURCE_MEMBERS.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "its fields are `id`, `type`, `display_name`, `description`, `profile` and `traits`".to_owned(),
            };
            self.found.push(ExprError {
                code: "unknown-member",
                message: format!("`.{name}` has no field `{member}`"),
                range: range.clone(),
                help: Some(help),
            });
        }
    }
}

fn is_constant(word: &str) -> bool {
    matches!(word, "true" | "false" | "nil")
}

/// The words of one action, read from left to right.
struct Words {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    action: Range<usize>,
}

impl Words {
    /// Takes a keyword when the action begins with one.
    fn keyword(&mut self) -> Option<String> {
        let words = [
            "if", "else", "end", "range", "with", "define", "template", "block", "break",
            "continue",
        ];
        let token = self.tokens.next_if(
            |token| matches!(&token.kind, Kind::Word(word) if words.contains(&word.as_str())),
        )?;
        match token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn next_is_word(&mut self, expected: &str) -> bool {
        matches!(self.tokens.peek(), Some(Token { kind: Kind::Word(word), .. }) if word == expected)
    }

    fn take(&mut self, kind: &Kind) -> Option<Token> {
        self.tokens.next_if(|token| token.kind == *kind)
    }

    fn starts_operand(&mut self) -> bool {
        !matches!(
            self.tokens.peek().map(|token| &token.kind),
            None | Some(Kind::Pipe | Kind::Close | Kind::Comma | Kind::Declare | Kind::Assign)
        )
    }

    /// Takes `$x :=` or `$x =`, when the action begins so: the name, whether it is new, its place.
    fn assignment(&mut self) -> Result<Option<(String, bool, Range<usize>)>, ExprError> {
        let mut ahead = self.tokens.clone();
        let (Some(first), Some(second)) = (ahead.next(), ahead.next()) else {
            return Ok(None);
        };
        let fresh = match second.kind {
            Kind::Declare => true,
            Kind::Assign => false,
            _ => return Ok(None),
        };
        match first.kind {
            Kind::Variable(name) if !name.is_empty() => {
                self.tokens = ahead;
                Ok(Some((name, fresh, first.range)))
            }
            _ => Err(syntax(
                "only a variable can be set",
                first.range,
                "write `$name := …`",
            )),
        }
    }

    /// Takes the variables that a block declares: one, or two for a loop.
    fn declared(&mut self, pair: bool) -> Result<Vec<String>, ExprError> {
        let mut ahead = self.tokens.clone();
        if let (
            true,
            Some(Token {
                kind: Kind::Variable(first),
                ..
            }),
        ) = (pair, ahead.next())
            && let Some(Token {
                kind: Kind::Comma, ..
            }) = ahead.next()
            && let Some(Token {
                kind: Kind::Variable(second),
                ..
            }) = ahead.next()
            && let Some(Token {
                kind: Kind::Declare,
                ..
            }) = ahead.next()
        {
            self.tokens = ahead;
            return Ok(vec![first, second]);
        }
        match self.assignment()? {
            None => Ok(Vec::new()),
            Some((name, true, _)) => Ok(vec![name]),
            Some((_, false, at)) => Err(syntax("a block declares its variable", at, "write `:=`")),
        }
    }

    fn finish(&mut self) -> Result<(), ExprError> {
        match self.tokens.next() {
            None => Ok(()),
            Some(token) => Err(syntax("this does not belong here", token.range, "")),
        }
    }
}
