//! Text → comments.

/// How wide a line of comments may be.
const WIDTH: usize = 100;

/// The longest comment beside a value.
const BESIDE: usize = 140;

/// The text on one line, without what would end it or could not be seen.
pub(super) fn tidy(text: &str) -> String {
    let visible = |c: char| match c {
        ' '..='~' | '’' | '“' | '”' | '–' | '…' | '→' => c,
        c if c.is_alphanumeric() => c,
        _ => ' ',
    };
    let text: String = text.chars().map(visible).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A comment beside a value.
pub(super) fn beside(text: &str) -> String {
    let tidy = tidy(text);
    match tidy.char_indices().nth(BESIDE) {
        Some((end, _)) => format!("{} …", tidy[..end].trim_end()),
        None => tidy,
    }
}

/// Lines of comments. Indentation is kept, and continued where a line is too long.
pub(super) fn lines(text: &str, depth: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let hanging = match line.trim_start().split_once(' ') {
            Some((mark, _)) if mark == "-" || mark.ends_with('.') && mark.len() <= 3 => {
                indent + mark.len() + 1
            }
            _ => indent,
        };
        let mut current = " ".repeat(indent);
        let mut empty = true;
        for word in tidy(line).split(' ') {
            let width = depth + 2 + current.chars().count() + 1 + word.chars().count();
            if !empty && width > WIDTH {
                lines.push(std::mem::replace(&mut current, " ".repeat(hanging)));
                empty = true;
            }
            if !empty {
                current.push(' ');
            }
            current.push_str(word);
            empty = false;
        }
        lines.push(current);
    }
    lines
}
