//! Keywords and their values → a connection string.

/// The keywords of a connection string, in order, each once.
#[derive(Default, Clone)]
pub struct Keywords(Vec<(String, String)>);

impl Keywords {
    /// Sets a keyword. Keywords are compared without case, and the last value of one counts.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value.into()));
    }

    /// Sets a keyword that has a value.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Adds those of `others`, which win.
    pub fn extend(&mut self, others: &Keywords) {
        for (name, value) in &others.0 {
            self.set(name, value);
        }
    }

    /// The connection string. It may hold the password.
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|(name, value)| format!("{name}={};", escaped(value)))
            .collect()
    }
}

/// The names alone: a value may be secret.
impl std::fmt::Debug for Keywords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A value so that no character of it ends it. Plain values stay as they are, because some drivers
/// know nothing of braces.
fn escaped(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.:/\\,".contains(c);
    let spaced = value.starts_with(' ') || value.ends_with(' ');
    match value.chars().all(|c| plain(c) || c == ' ') && !spaced {
        true => value.to_owned(),
        false => format!("{{{}}}", value.replace('}', "}}")),
    }
}

/// A connection string → its keywords and where they are: name, value. `None` when it is none.
/// Braces enclose a value that holds semicolons; `}}` stands for one brace.
pub fn split(text: &str) -> Option<Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>> {
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.trim().is_empty() {
            break;
        }
        if rest.starts_with([';', ' ', '\n', '\t']) {
            at += 1;
            continue;
        }
        let equals = at + rest.find('=')?;
        let name = at..equals;
        let well = |c: char| c.is_alphanumeric() || " _-".contains(c);
        if name.is_empty() || !text[name.clone()].chars().all(well) {
            return None;
        }
        let start = equals + 1;
        let end = match text[start..].starts_with('{') {
            true => braced_end(text, start)?,
            false => value_end(text, start),
        };
        pairs.push((name, start..end));
        at = end + 1;
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// The end of a plain value. The braces of a variable do not count.
fn value_end(text: &str, start: usize) -> usize {
    text[start..]
        .find(';')
        .map_or(text.len(), |length| start + length)
}

/// The end of a value in braces, after its closing one.
fn braced_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => at += 2,
            // The brace of a variable inside, as in `{${PASSWORD}}`, is not the closing one.
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                at += text[at..].find('}').map_or(1, |length| length + 1);
            }
            b'}' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// A value without the braces around it.
pub fn unbraced(value: &str) -> Option<&str> {
    value.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        let mut keywords = Keywords::default();
        keywords.set("Driver", "Acme ODBC 3");
        keywords.set("UID", "ada");
        keywords.set("pwd", "old");
        keywords.set("PWD", "a}b;DATABASE=x{=é ");
        keywords.set_some("PORT", None::<String>);
        assert_eq!(
            keywords.text(),
            "Driver=Acme ODBC 3;UID=ada;PWD={a}}b;DATABASE=x{=é };"
        );
        assert_eq!(format!("{keywords:?}"), r#"["Driver", "UID", "PWD"]"#);
    }

    #[test]
    fn a_connection_string_is_split_at_its_own_semicolons() {
        let parts = |text: &str| {
            split(text).map(|pairs| {
                pairs
                    .into_iter()
                    .map(|(name, value)| format!("{}|{}", &text[name], &text[value]))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            parts("HOSTNAME=h; PWD={a;}}b};UID=${USER};X={${WORD}};").as_deref(),
            Some(
                &["HOSTNAME|h", "PWD|{a;}}b}", "UID|${USER}", "X|{${WORD}}"].map(str::to_owned)[..]
            )
        );
        for text in ["", "postgres", "PWD={a", "a@b=c"] {
            assert_eq!(parts(text), None, "{text}");
        }
        assert_eq!(unbraced("{a}"), Some("a"));
        assert_eq!(unbraced("a"), None);
    }
}
