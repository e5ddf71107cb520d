//! x
use super::super::lexer::Lexicon;
/// How PostgreSQL quotes.
pub const LEXICON: Lexicon = Lexicon {
    backslash_escapes: false,
    escape_strings: true,
    double_quoted_strings: false,
    backticks: false,
    brackets: false,
    dollar_quotes: true,
    nested_comments: true,
    hash_comments: false,
    dashes_need_space: false,
    executable_comments: false,
    question_parameters: false,
    named_parameters: false,
};
