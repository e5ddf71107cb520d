//! The shape of a record → what its fields are: the id, the name, the traits.

use serde_json::{Value as Json, json};

use super::expression::{Language, Reading};
use super::noun::Noun;
use super::person::Person;
use super::sample::{Sample, fitting, text_of};
use super::shape::{Field, Kind, Leaf, Shape};
use super::sure::Guess;

/// An expression of the mapping.
#[derive(Debug, Clone)]
pub struct Found {
    /// As the file has it.
    pub expression: String,
    /// Why.
    pub guess: Guess,
    /// What it makes of the sample, where that is known.
    pub expect: Option<String>,
    /// The fields of the record that it reads.
    pub columns: Vec<String>,
}

/// What the records of a type become.
#[derive(Debug)]
pub struct Mapped {
    /// The id.
    pub id: Found,
    /// The name.
    pub display_name: Found,
    /// A sentence about it.
    pub description: Option<Found>,
    /// What people have.
    pub person: Option<Person>,
    /// Other fields worth keeping, by name.
    pub profile: Vec<(String, Found)>,
    /// What could not be guessed.
    pub todos: Vec<String>,
    /// A record that has all of these fields.
    pub sample: Json,
}

impl Mapped {
    /// Keeps a field in the profile.
    pub fn keep(&mut self, name: &str, language: Language, field: &Field, why: Guess) {
        let leaf = Leaf { path: vec![field] };
        let reading = Reading::of(language, &leaf.path);
        let found = Found::of(&leaf, reading.or_null(), why);
        self.profile.push((name.to_owned(), found));
        if let Some(record) = self.sample.as_object_mut() {
            let sample = fitting(&field.shape, "example", 7);
            record.entry(field.name.clone()).or_insert(sample);
        }
    }

    /// The fields of the record that some expression reads, each once.
    pub fn columns(&self) -> Vec<String> {
        let mut found: Vec<&Found> = vec![&self.id, &self.display_name];
        found.extend(&self.description);
        found.extend(self.person.iter().flat_map(Person::all));
        found.extend(self.profile.iter().map(|(_, found)| found));
        let mut columns: Vec<String> = Vec::new();
        for column in found.iter().flat_map(|found| &found.columns) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }
}

impl Found {
    pub(super) fn of(leaf: &Leaf<'_>, expression: String, guess: Guess) -> Self {
        Self {
            expression,
            guess,
            expect: None,
            columns: leaf
                .path
                .first()
                .map(|field| field.name.clone())
                .into_iter()
                .collect(),
        }
    }
}

/// What is looked for, and where.
pub(super) struct Mapper<'s> {
    pub(super) language: Language,
    noun: Noun,
    leaves: Vec<Leaf<'s>>,
    pub(super) sample: Sample,
    todos: Vec<String>,
    number: u32,
}

/// Guesses what the fields are. `None` when there is nothing that could be an id.
pub fn map(shape: &Shape, language: Language, noun: Noun) -> Option<Mapped> {
    let mut mapper = Mapper {
        language,
        noun,
        leaves: shape.leaves(),
        sample: Sample::default(),
        todos: Vec::new(),
        number: 1,
    };
    let id = mapper.id()?;
    let person = (noun == Noun::Person).then(|| mapper.person());
    let display_name = mapper.display_name(&id);
    let description = mapper.description();
    let profile = mapper.profile(&display_name);
    let mut mapped = Mapped {
        id: id.0,
        display_name,
        description,
        person,
        profile,
        todos: mapper.todos,
        sample: mapper.sample.record(),
    };
    if language == Language::Sql {
        // A row has every column that was selected.
        let columns = mapped.columns();
        if let Some(record) = mapped.sample.as_object_mut() {
            for column in columns {
                record.entry(column).or_insert(Json::Null);
            }
        }
    }
    Some(mapped)
}

/// What names of fields begin with that say again what the record is.
const PREFIXES: &[&str] = &[
    "user",
    "usr",
    "employee",
    "emp",
    "account",
    "person",
    "member",
    "group",
    "grp",
    "team",
    "role",
    "app",
    "application",
    "org",
    "organization",
    "department",
    "dept",
    "permission",
    "staff",
    "primary",
    "work",
];

const IDS: &[&str] = &[
    "id",
    "uid",
    "uuid",
    "guid",
    "oid",
    "gid",
    "sysid",
    "objectid",
    "principalid",
    "identifier",
    "key",
    "sid",
    "no",
    "number",
    "num",
    "code",
    "slug",
    "handle",
    "login",
    "username",
    "name",
    "email",
];
const NAMES: &[&str] = &[
    "displayname",
    "fullname",
    "nameformatted",
    "namefull",
    "namedisplayname",
    "name",
    "realname",
    "commonname",
    "cn",
];
const OTHER_NAMES: &[&str] = &["title", "label", "summary", "key", "code", "slug"];
const GIVEN: &[&str] = &[
    "firstname",
    "givenname",
    "forename",
    "fname",
    "namegivenname",
    "namefirst",
];
const FAMILY: &[&str] = &[
    "lastname",
    "surname",
    "familyname",
    "lname",
    "sn",
    "namefamilyname",
    "namelast",
];
const DESCRIPTIONS: &[&str] = &["description", "about", "comment", "summary", "purpose"];
const PROFILE: &[&str] = &[
    "title",
    "jobtitle",
    "position",
    "department",
    "departmentname",
    "division",
    "costcenter",
    "company",
    "organization",
    "location",
    "office",
    "city",
    "country",
    "timezone",
    "locale",
    "type",
    "kind",
    "createdat",
    "created",
    "createdon",
    "hiredate",
    "startdate",
    "enddate",
    "visibility",
    "domain",
];

impl<'s> Mapper<'s> {
    pub(super) fn todo(&mut self, text: String) {
        self.todos.push(text);
    }

    pub(super) fn first(&self, accept: &dyn Fn(&Shape) -> bool) -> Option<Leaf<'s>> {
        let is = |leaf: &&Leaf<'s>| leaf.path.len() == 1 && accept(leaf.shape());
        self.leaves.iter().find(is).cloned()
    }

    pub(super) fn reading(&self, leaf: &Leaf<'_>) -> Reading {
        Reading::of(self.language, &leaf.path)
    }

    /// The field that has the first of these names that there is; the nearer one of two.
    pub(super) fn find(&self, names: &[&str], accept: impl Fn(&Shape) -> bool) -> Option<Leaf<'s>> {
        names.iter().find_map(|wanted| {
            let is = |leaf: &&Leaf<'s>| {
                let named = |name: &String| {
                    let bare = || {
                        PREFIXES
                            .iter()
                            .filter_map(|prefix| name.strip_prefix(prefix))
                    };
                    name == wanted
                        || !super::person::LOGINS.contains(&name.as_str())
                            && bare().any(|bare| bare == *wanted)
                };
                accept(leaf.shape()) && leaf.names().iter().any(named)
            };
            let exact = |leaf: &&Leaf<'s>| !leaf.names().iter().any(|name| name == wanted);
            self.leaves
                .iter()
                .filter(is)
                .min_by_key(|leaf| (leaf.path.len(), exact(leaf)))
                .cloned()
        })
    }

    /// A scalar field of one of these names, with what it is for the sample.
    pub(super) fn text(&mut self, names: &[&str], sample: &str) -> Option<(Found, Leaf<'s>)> {
        let leaf = self.find(names, |shape| {
            shape.is_scalar() && !matches!(shape.kind, Kind::Truth | Kind::Bit)
        })?;
        let reading = self.reading(&leaf);
        let value = self.sample.at(&leaf.path, fitting(leaf.shape(), sample, 7));
        let guess = Guess::likely(format!("named `{}`", leaf.shown()));
        let mut found = Found::of(&leaf, reading.or_null(), guess);
        found.expect = Some(text_of(&value));
        Some((found, leaf))
    }

    /// The id, and how it is read.
    fn id(&mut self) -> Option<(Found, Reading)> {
        let keys: Vec<Leaf<'s>> = self
            .leaves
            .iter()
            .filter(|leaf| leaf.field().key)
            .cloned()
            .collect();
        let usable = |shape: &Shape| {
            shape.is_scalar() && !matches!(shape.kind, Kind::Truth | Kind::Bit | Kind::Moment)
        };
        if keys.len() > 1 && keys.iter().all(|leaf| usable(leaf.shape())) {
            return Some(self.compound_id(&keys));
        }
        let (leaf, guess) = match keys.first().filter(|leaf| usable(leaf.shape())) {
            Some(leaf) => (leaf.clone(), Guess::sure("the primary key")),
            None => self.named_id(&usable)?,
        };
        let short = match self.noun {
            Noun::Person => "u1",
            Noun::Group => "g1",
            Noun::Role => "r1",
            _ => "a1",
        };
        let sample = fitting(leaf.shape(), short, self.number);
        let value = self.sample.at(&leaf.path, sample);
        let reading = self.reading(&leaf);
        // An id that may be missing is a mistake that the sync should tell.
        let mut found = Found::of(&leaf, reading.finish(&reading.value), guess);
        found.expect = Some(text_of(&value));
        Some((found, reading))
    }

    fn named_id(&mut self, usable: &dyn Fn(&Shape) -> bool) -> Option<(Leaf<'s>, Guess)> {
        if let Some(leaf) = self.find(IDS, usable) {
            let guess = match leaf.names().iter().any(|name| name == "id") {
                true => Guess::sure(format!("named `{}`", leaf.shown())),
                false => Guess::likely(format!("`{}` is the nearest to an id", leaf.shown())),
            };
            return Some((leaf, guess));
        }
        let by_ending = |leaf: &&Leaf<'s>| {
            usable(leaf.shape())
                && leaf.path.len() == 1
                && leaf.words().last().is_some_and(|word| word == "id")
        };
        let any = |leaf: &&Leaf<'s>| usable(leaf.shape());
        let found = self
            .leaves
            .iter()
            .find(by_ending)
            .or_else(|| self.leaves.iter().find(any));
        let leaf = found?.clone();
        self.todo(format!(
            "no field looks like an id; `{}` stands in for it",
            leaf.shown()
        ));
        let guess = Guess::doubtful("no field looks like an id");
        Some((leaf, guess))
    }

    fn compound_id(&mut self, keys: &[Leaf<'s>]) -> (Found, Reading) {
        let mut values = Vec::new();
        let mut parts = Vec::new();
        for leaf in keys {
            let value = self
                .sample
                .at(&leaf.path, fitting(leaf.shape(), "k1", self.number));
            values.push(text_of(&value));
            parts.push(format!("string({})", self.reading(leaf).value));
        }
        let mut reading = self.reading(&keys[0]);
        reading.value = parts.join(" + '/' + ");
        reading.there = None;
        let mut found = Found::of(
            &keys[0],
            reading.finish(&reading.value),
            Guess::doubtful("the primary key has several columns"),
        );
        found.columns = keys.iter().map(|leaf| leaf.path[0].name.clone()).collect();
        found.expect = Some(values.join("/"));
        (found, reading)
    }

    /// The name. It falls back to the id where it may be missing.
    fn display_name(&mut self, id: &(Found, Reading)) -> Found {
        let sample = match self.noun {
            Noun::Person => "Ada Lovelace",
            Noun::Group => "Finance",
            Noun::Role => "Approver",
            Noun::App => "Payroll",
            Noun::Right => "Read reports",
            Noun::Thing => "Example",
        };
        let accept = |shape: &Shape| matches!(shape.kind, Kind::Text | Kind::Unknown);
        if let Some(leaf) = self.find(NAMES, accept) {
            return self.named(&leaf, sample, id);
        }
        if let (Some(given), Some(family)) = (self.find(GIVEN, accept), self.find(FAMILY, accept)) {
            return self.composed(&given, &family);
        }
        let logins: Vec<&str> = OTHER_NAMES
            .iter()
            .chain(super::person::LOGINS)
            .chain(["email", "mail"].iter())
            .copied()
            .collect();
        if let Some(leaf) = self.find(&logins, accept) {
            let mut found = self.named(&leaf, sample, id);
            found.guess = Guess::doubtful(format!(
                "nothing is named like a name; `{}` is the nearest",
                leaf.shown()
            ));
            return found;
        }
        self.todo("no field looks like a name; the id is shown".to_owned());
        Found {
            guess: Guess::doubtful("no field looks like a name"),
            ..id.0.clone()
        }
    }

    fn named(&mut self, leaf: &Leaf<'s>, sample: &str, id: &(Found, Reading)) -> Found {
        let value = self.sample.at(&leaf.path, fitting(leaf.shape(), sample, 7));
        let reading = self.reading(leaf);
        let expression = match leaf.is_required() || reading.value == id.1.value {
            true => reading.finish(&reading.value),
            false => {
                let there = reading.and(&format!("{} != null", reading.value));
                reading.finish(&format!("{there} ? {} : {}", reading.value, id.1.value))
            }
        };
        let mut found = Found::of(
            leaf,
            expression,
            Guess::likely(format!("named `{}`", leaf.shown())),
        );
        found.columns.extend(id.0.columns.iter().cloned());
        found.expect = Some(text_of(&value));
        found
    }

    fn composed(&mut self, given: &Leaf<'s>, family: &Leaf<'s>) -> Found {
        let values = [("Ada", given), ("Lovelace", family)].map(|(text, leaf)| {
            let value = self.sample.at(&leaf.path, fitting(leaf.shape(), text, 7));
            text_of(&value)
        });
        let part = |leaf: &Leaf<'_>| {
            let reading = self.reading(leaf);
            match leaf.is_required() {
                true => reading.value,
                false => {
                    let there = reading.and(&format!("{} != null", reading.value));
                    format!("({there} ? {} : '')", reading.value)
                }
            }
        };
        let (first, last) = (part(given), part(family));
        let sum = format!("{first} + ' ' + {last}");
        let cel = match given.is_required() && family.is_required() {
            true => sum,
            false => format!("trim({sum})"),
        };
        let why = format!("`{}` and `{}`", given.shown(), family.shown());
        let mut found = Found::of(given, self.reading(given).finish(&cel), Guess::likely(why));
        found
            .columns
            .extend(family.path.first().map(|field| field.name.clone()));
        found.expect = Some(values.join(" "));
        found
    }

    fn description(&mut self) -> Option<Found> {
        if self.noun == Noun::Person {
            return None;
        }
        let (mut found, leaf) = self.text(DESCRIPTIONS, "An example")?;
        // The field that is the name already says nothing more.
        found.expect = (leaf.shape().kind == Kind::Text)
            .then_some(found.expect)
            .flatten();
        Some(found)
    }

    fn profile(&mut self, shown: &Found) -> Vec<(String, Found)> {
        let mut profile: Vec<(String, Found)> = Vec::new();
        for name in PROFILE {
            let Some(leaf) = self.find(&[name], Shape::is_scalar) else {
                continue;
            };
            let key = super::words::identifier(&leaf.words());
            let column = leaf.path.first().map(|field| field.name.clone());
            let reading = self.reading(&leaf);
            let taken = profile
                .iter()
                .any(|(known, found)| *known == key || found.expression == reading.or_null());
            let taken = taken || shown.expression == reading.or_null();
            if profile.len() >= 8 || taken || column.is_none() {
                continue;
            }
            if leaf.is_required() {
                self.sample
                    .at(&leaf.path, fitting(leaf.shape(), "example", 7));
            }
            profile.push((
                key,
                Found::of(&leaf, reading.or_null(), Guess::likely("worth keeping")),
            ));
        }
        profile
    }

    /// A moment for the sample.
    pub(super) fn moment(shape: &Shape) -> Json {
        match shape.kind {
            Kind::Integer | Kind::Number => json!(1_714_979_289),
            _ => json!("2024-05-06T07:08:09Z"),
        }
    }
}
