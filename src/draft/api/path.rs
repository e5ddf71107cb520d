//! Keys → a path of the language.

/// The path through these keys; `None` where a key could be taken for something else.
pub fn path_text(keys: &[&str]) -> Option<String> {
    let plain = |key: &&str| {
        let mut characters = key.chars();
        characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '@')
            && characters.all(|c| c.is_ascii_alphanumeric() || "_-@.:".contains(c))
            && !key.ends_with('.')
            && !key.contains("..")
    };
    (!keys.is_empty() && keys.iter().all(plain)).then(|| keys.join("."))
}
