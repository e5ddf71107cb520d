//! Names in messages: the nearest to a misspelt one, and lists of them.

/// The closest of several names, when one is close enough to be meant.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| {
            (
                strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The name that a longer or a shorter one stands for: `page` for `page_number`. Such a name may mean
/// something else, so it is a question and no more.
pub fn related<'a>(written: &str, mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let is_part = |long: &str, short: &str| long.split(['_', '-', ' ']).any(|word| word == short);
    let mut found = names
        .by_ref()
        .filter(|name| is_part(&written, name) || written.len() > 2 && is_part(name, &written));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Names as a sentence shows them: each in backticks, with commas.
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}
