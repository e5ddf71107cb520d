//! A sample → the draft.

use serde_json::Value as Json;
use url::Url;

use crate::draft::api::{Answer, of_cursor, paging, unexplained};
use crate::draft::connector::{Draft, DraftListing, DraftType};
use crate::draft::failure::DraftError;
use crate::draft::guess::{
    Guess, Kind, Language, Noun, Shape, Sure, identifier, map, noun, singular, title, variable,
    words,
};
use crate::draft::wish::Wish;
use crate::draft::yaml::{Entry, Section};

use super::shape::shape;

/// A list of the sample: what its things are called, and where they are.
struct Listed {
    words: Vec<String>,
    answer: Answer,
}

/// Drafts a connector from a sample of an answer. `stem` is what the sample is called, and `decoder`
/// how it was written, where that is not JSON.
pub fn draft(
    sample: &Json,
    origin: &str,
    stem: &str,
    decoder: Option<&str>,
    wish: &Wish,
) -> Result<Draft, DraftError> {
    let envelope = shape(sample);
    let called = wish
        .url
        .as_deref()
        .and_then(last_segment)
        .unwrap_or_else(|| stem.to_owned());
    let lists = lists(&envelope, &called);
    let names = |listed: &Listed| listed.words.last().cloned().unwrap_or_default();
    let there: Vec<String> = lists.iter().map(names).collect();
    wish.check(there.iter().map(String::as_str))?;
    let name = wish
        .name
        .clone()
        .unwrap_or_else(|| host_of(wish).unwrap_or_else(|| stem.to_owned()));
    let prefix = variable(&name);
    let mut variables = Vec::new();
    let mut todos = Vec::new();
    let (base_url, path) = place(wish, &prefix, &called, &mut variables, &mut todos);
    let mut types = Vec::new();
    for listed in &lists {
        let named = listed.words.last().is_some_and(|word| wish.names(word));
        if wish.only.is_empty() || named {
            types.extend(resource_type(listed, &path, decoder));
        }
    }
    if types.is_empty() {
        return Err(DraftError::Unreadable(format!(
            "{origin} has no list of records, and is no record: a sample is an answer of an API with some items in it"
        )));
    }
    types.sort_by_key(|each| each.noun.rank());
    let mut ids: Vec<String> = Vec::new();
    types.retain(|each: &DraftType| {
        let is_new = !ids.contains(&each.id);
        ids.push(each.id.clone());
        is_new
    });
    variables.push(format!("{prefix}_TOKEN"));
    todos.push(
        "A sample does not say how requests prove who is asking: that it is a token is a guess"
            .to_owned(),
    );
    todos.push(
        "Add the entitlements of each type, and who has them: a sample of one list does not say it"
            .to_owned(),
    );
    let auth = Section::new()
        .with("type", "bearer")
        .with("token", format!("${{{prefix}_TOKEN}}"));
    let mut connect = Section::new().with("base_url", base_url);
    connect.push(Entry::new("auth", auth).beside("guess: nothing says how"));
    Ok(Draft {
        origin: origin.to_owned(),
        name: title(&identifier(&words(&name))),
        description: None,
        language: Language::Http,
        vars: Section::new(),
        connect,
        pagination: None,
        types,
        todos,
        notes: Vec::new(),
        variables,
    })
}

/// The lists of the sample: itself, or each list of records in it; else the record that it is.
fn lists(envelope: &Shape, called: &str) -> Vec<Listed> {
    let called = nouns(called);
    let whole = |words: Vec<String>, envelope: Shape| {
        let answer = Answer::of(envelope, &words, Vec::new());
        answer.map(|answer| Listed { words, answer })
    };
    if matches!(envelope.kind, Kind::List(_)) {
        return whole(called, envelope.clone()).into_iter().collect();
    }
    let of_records = envelope.fields().iter().filter(|field| {
        let is_known = noun(&nouns(&field.name)).is_some();
        is_known && matches!(&field.shape.kind, Kind::List(item) if !item.fields().is_empty())
    });
    let several: Vec<Listed> = of_records
        .map(|field| {
            let Kind::List(item) = &field.shape.kind else {
                unreachable!("only lists were kept");
            };
            let answer = Answer {
                envelope: envelope.clone(),
                keys: vec![field.name.clone()],
                item: (**item).clone(),
                headers: Vec::new(),
            };
            Listed {
                words: nouns(&field.name),
                answer,
            }
        })
        .collect();
    let is_thing = envelope.field("id").is_some();
    if !several.is_empty() && !is_thing {
        return several;
    }
    if let Some(mut listed) = whole(called.clone(), envelope.clone()).filter(|_| !is_thing) {
        let last = listed.answer.keys.last().map(|key| nouns(key));
        if noun(&listed.words).is_none()
            && let Some(last) = last.filter(|last| noun(last).is_some())
        {
            listed.words = last;
        }
        return vec![listed];
    }
    if envelope.fields().is_empty() {
        return Vec::new();
    }
    let answer = Answer {
        item: envelope.clone(),
        ..Answer::default()
    };
    vec![Listed {
        words: called,
        answer,
    }]
}

fn nouns(name: &str) -> Vec<String> {
    const NOISE: &[&str] = &[
        "sample", "example", "list", "get", "all", "response", "answer", "export", "json", "csv",
        "test", "data",
    ];
    let mut own: Vec<String> = words(name)
        .into_iter()
        .filter(|word| !NOISE.contains(&word.as_str()))
        .collect();
    if let Some(last) = own.last_mut() {
        *last = singular(last);
    }
    own
}

fn resource_type(listed: &Listed, path: &str, decoder: Option<&str>) -> Option<DraftType> {
    let item = &listed.answer.item;
    let is_person = || {
        let has = |name: &str| {
            item.leaves()
                .iter()
                .any(|leaf| leaf.names().iter().any(|own| own == name))
        };
        has("email") || has("mail") || has("emailaddress") || has("lastname") || has("username")
    };
    let (noun, sure) = noun(&listed.words).unwrap_or_else(|| {
        (
            if is_person() {
                Noun::Person
            } else {
                Noun::Thing
            },
            Sure::Guess,
        )
    });
    let mapped = map(item, Language::Http, noun)?;
    let mut todos = Vec::new();
    if listed.words.is_empty() {
        todos.push("give the type a name of its own".to_owned());
    }
    let mut response = Section::new();
    if let Some(decoder) = decoder {
        response.put("decoder", decoder);
    }
    if !listed.answer.is_reachable() {
        return None;
    }
    if let Some(items) = listed.answer.items_path() {
        response.put("items_path", items);
    }
    let pagination = paging(&[], &listed.answer).or_else(|| of_cursor(&listed.answer));
    if pagination.is_none() && decoder.is_none() {
        todos.push(match unexplained(&[], &listed.answer) {
            Some(hint) => format!("the answer has pages (`{hint}`): write `pagination`"),
            None => "nothing says whether the list has pages: a sample does not show it".to_owned(),
        });
    }
    let request = Section::new().with("url", path);
    let words = match listed.words.is_empty() {
        true => vec![
            if noun == Noun::Person {
                "user"
            } else {
                "record"
            }
            .to_owned(),
        ],
        false => listed.words.clone(),
    };
    let what = format!("its fields, and a name like {}", noun.phrase());
    Some(DraftType {
        id: identifier(&words),
        noun,
        why: match sure {
            Sure::Guess => Guess::doubtful(what),
            _ => Guess::likely(what),
        },
        parent: None,
        list: DraftListing {
            asks: Section::new().with("request", request),
            pagination,
            response,
        },
        mapped,
        grants: Vec::new(),
        todos,
    })
}

/// `base_url`, and the path behind it.
fn place(
    wish: &Wish,
    prefix: &str,
    called: &str,
    variables: &mut Vec<String>,
    todos: &mut Vec<String>,
) -> (String, String) {
    let parsed = wish.url.as_deref().and_then(|url| Url::parse(url).ok());
    match parsed.filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(url) => {
            let path = url.path().replace('$', "%24");
            (
                url[url::Position::BeforeScheme..url::Position::AfterScheme].to_owned()
                    + "://"
                    + &host(&url),
                path,
            )
        }
        None => {
            variables.push(format!("{prefix}_URL"));
            todos.push(
                "A sample does not say where it came from: check `url` (`--url` takes it)"
                    .to_owned(),
            );
            let plain: String = called
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
                .collect();
            (format!("${{{prefix}_URL}}"), format!("/{plain}"))
        }
    }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn host_of(wish: &Wish) -> Option<String> {
    let url = Url::parse(wish.url.as_deref()?).ok()?;
    let host = url.host_str()?.to_owned();
    let mut parts: Vec<&str> = host
        .split('.')
        .filter(|part| !["api", "www", "com", "net", "org", "io"].contains(part))
        .collect();
    parts.truncate(2);
    Some(parts.join(" ")).filter(|name| !name.is_empty())
}

fn last_segment(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    Some(crate::draft::text::decoded(last))
}
