//! Names → their words, and words → names.

/// The words of a name, in lower case: `lastSignInAt`, `last_sign_in_at` and `Last sign-in at` alike.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (index, &c) in characters.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = index.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(index + 1);
        // `userId` and `HTTPServer` part before the capital that begins a word.
        let begins = c.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_numeric())
                || before.is_some_and(char::is_uppercase)
                    && after.is_some_and(|after| after.is_lowercase()));
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words without anything between them, by which names are compared.
pub fn joined(name: &str) -> String {
    words(name).concat()
}

/// The singular of an English noun, as far as names of lists need it.
pub fn singular(word: &str) -> String {
    let irregular = match word {
        "people" | "persons" => Some("person"),
        "aliases" => Some("alias"),
        "statuses" | "status" => Some("status"),
        "staff" => Some("staff"),
        "access" => Some("access"),
        "caches" => Some("cache"),
        _ => None,
    };
    if let Some(irregular) = irregular {
        return irregular.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "ches", "shes", "zes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// Words as an id of the connector file: small letters, digits and underscores, not too long.
pub fn identifier(words: &[String]) -> String {
    let kept = |word: &String| {
        word.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    let words: Vec<String> = words
        .iter()
        .map(kept)
        .filter(|word| !word.is_empty())
        .collect();
    let mut id = words.join("_");
    id.truncate(40);
    let id = id.trim_end_matches('_');
    match id.chars().next() {
        None => "thing".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("type_{id}"),
        Some(_) => id.to_owned(),
    }
}

/// An id as people read it: `Access level`.
pub fn title(id: &str) -> String {
    let text = id.replace('_', " ");
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

/// What names of variables begin with, from the name of a system: `ACME_CRM`.
pub fn variable(name: &str) -> String {
    let noise = [
        "api", "rest", "the", "v1", "v2", "v3", "openapi", "swagger", "public", "admin",
    ];
    let words = words(name);
    let told: Vec<String> = words
        .iter()
        .filter(|word| !noise.contains(&word.as_str()))
        .take(3)
        .cloned()
        .collect();
    match identifier(&told).as_str() {
        "thing" => "API".to_owned(),
        id => id.trim_start_matches("type_").to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart_whatever_their_style() {
        for name in [
            "lastSignInAt",
            "last_sign_in_at",
            "Last sign-in at",
            "LAST_SIGN_IN_AT",
            "LastSignInAt",
        ] {
            assert_eq!(words(name).join(" "), "last sign in at", "{name}");
        }
        assert_eq!(words("HTTPServerID"), ["http", "server", "id"]);
        assert_eq!(words("'; DROP"), ["drop"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn plurals_lose_what_makes_them_plural() {
        let pairs = [
            ("users", "user"),
            ("people", "person"),
            ("companies", "company"),
            ("classes", "class"),
            ("boxes", "box"),
            ("roles", "role"),
            ("status", "status"),
            ("access", "access"),
            ("bus", "bus"),
            ("s", "s"),
            ("", ""),
        ];
        for (plural, one) in pairs {
            assert_eq!(singular(plural), one);
        }
    }

    #[test]
    fn ids_and_variables_are_safe_whatever_they_are_made_of() {
        assert_eq!(identifier(&words("Access Levels!")), "access_levels");
        assert_eq!(identifier(&words("日本")), "thing");
        assert_eq!(identifier(&words("2fa tokens")), "type_2fa_tokens");
        assert_eq!(variable("The Acme CRM API v2"), "ACME_CRM");
        assert_eq!(variable("\n: '"), "API");
        assert_eq!(title("access_level"), "Access level");
    }
}
