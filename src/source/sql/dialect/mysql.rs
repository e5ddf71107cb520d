//! x
use super::super::lexer::Lexicon;
/// How MySQL and MariaDB quote.
pub const LEXICON: Lexicon = Lexicon {
    backslash_escapes: true,
    escape_strings: false,
    double_quoted_strings: true,
    backticks: true,
    brackets: false,
    dollar_quotes: false,
    nested_comments: false,
    hash_comments: true,
    dashes_need_space: true,
    executable_comments: true,
    question_parameters: true,
    named_parameters: false,
};
