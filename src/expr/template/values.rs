//! Pipelines and operands → expressions whose names are all known.

use std::ops::Range;

use super::functions;
use super::lexer::{Kind, Token, syntax};
use super::parser::{Expr, Parser};
use super::words::Words;
use crate::diagnostic::nearest;
use crate::expr::check::{meant_member, members_of};
use crate::expr::{ExprError, Value};

impl Parser {
    /// `a | f x | g`: each value becomes the last argument of the next function.
    pub(super) fn pipeline(&mut self, words: &mut Words) -> Result<Expr, ExprError> {
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
        if functions::find(&name).is_none() && self.variables.knows(&name) {
            // `resource.id`: the first dot is missing, and what follows is its fields.
            let message = format!("`{name}` is a field, and a field begins with a dot");
            let help = format!("write `.{name}`");
            let problem = ExprError::new("template-syntax", message, token.range, help);
            self.found.push(problem.instead(format!(".{name}")));
            while matches!(
                words.tokens.peek(),
                Some(Token {
                    kind: Kind::Field(_),
                    glued: true,
                    ..
                })
            ) {
                words.tokens.next();
            }
            return Ok(Expr::Literal(Value::Text(String::new())));
        }
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
            None => {
                let message = format!("templates have no function `{name}`");
                let unknown = |help| ExprError::new("unknown-function", message, at, help);
                match nearest(name, functions::names()) {
                    Some(close) => unknown(format!("did you mean `{close}`?")).instead(close),
                    None => unknown(format!(
                        "the functions are {}",
                        functions::names().collect::<Vec<_>>().join(", ")
                    )),
                }
            }
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
        let known: Vec<_> = self.variables.names().collect();
        if !known.contains(&name) {
            let message = format!("`.{name}` is not known here");
            let unknown = |help| ExprError::new("unknown-variable", message, at.clone(), help);
            self.found.push(match nearest(name, known.iter().copied()) {
                Some(close) => {
                    unknown(format!("did you mean `.{close}`?")).instead(format!(".{close}"))
                }
                None if known.is_empty() => unknown("no variable is known here".to_owned()),
                None => unknown(format!(
                    "known here: {}",
                    known
                        .iter()
                        .map(|n| format!("`.{n}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            });
            return;
        }
        if let (
            Some(members),
            Some(Token {
                kind: Kind::Field(member),
                range,
                glued: true,
            }),
        ) = (members_of(name), words.tokens.peek())
            && !members.contains(&member.as_str())
        {
            let message = format!("`.{name}` has no field `{member}`");
            let (help, meant) = meant_member(name, member, members);
            let unknown = ExprError::new("unknown-member", message, range.clone(), help);
            self.found.push(match meant {
                Some(meant) => unknown.instead(format!(".{meant}")),
                None => unknown,
            });
        }
    }
}

fn is_constant(word: &str) -> bool {
    matches!(word, "true" | "false" | "nil")
}
