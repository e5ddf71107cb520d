//! The noun of a table, a path or a list → what its things are.

use super::sure::Sure;
use super::words::singular;

/// What the things of a type are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noun {
    /// Somebody, or something, that signs in.
    Person,
    /// Something that has members.
    Group,
    /// Something that somebody has, and may do things with.
    Role,
    /// Something that is used.
    App,
    /// Something that roles and people may do.
    Right,
    /// Something else.
    Thing,
}

const NOUNS: &[(Noun, Sure, &[&str])] = &[
    (
        Noun::Person,
        Sure::Likely,
        &[
            "user",
            "person",
            "employee",
            "staff",
            "worker",
            "identity",
            "operator",
            "usr",
            "personnel",
        ],
    ),
    (
        Noun::Person,
        Sure::Guess,
        &[
            "account",
            "member",
            "principal",
            "admin",
            "administrator",
            "agent",
            "login",
            "colleague",
            "collaborator",
            "teammate",
            "student",
            "teacher",
            "contractor",
            "subject",
            "emp",
        ],
    ),
    (
        Noun::Group,
        Sure::Likely,
        &[
            "group",
            "team",
            "department",
            "organization",
            "organisation",
            "org",
            "usergroup",
            "division",
            "workgroup",
            "grp",
            "dept",
            "squad",
        ],
    ),
    (
        Noun::Group,
        Sure::Guess,
        &[
            "workspace",
            "project",
            "unit",
            "tenant",
            "space",
            "circle",
            "cohort",
            "company",
            "committee",
            "orgunit",
            "folder",
            "site",
            "channel",
        ],
    ),
    (Noun::Role, Sure::Likely, &["role", "permissionset"]),
    (
        Noun::Role,
        Sure::Guess,
        &["profile", "position", "accesslevel", "license"],
    ),
    (Noun::App, Sure::Likely, &["app", "application"]),
    (
        Noun::App,
        Sure::Guess,
        &["client", "service", "integration", "system"],
    ),
    (
        Noun::Right,
        Sure::Likely,
        &["permission", "privilege", "right", "entitlement"],
    ),
    (Noun::Right, Sure::Guess, &["scope", "capability", "policy"]),
];

/// What the words of a name stand for, and how sure that is: the last one decides.
pub fn noun(words: &[String]) -> Option<(Noun, Sure)> {
    let last = singular(words.last()?);
    let pair = words
        .len()
        .checked_sub(2)
        .map(|before| format!("{}{last}", words[before]));
    let known = |word: &str| {
        NOUNS
            .iter()
            .find(|(_, _, nouns)| nouns.contains(&word))
            .map(|(noun, sure, _)| (*noun, *sure))
    };
    pair.and_then(|pair| known(&pair)).or_else(|| known(&last))
}

impl Noun {
    /// The trait of its resource type.
    pub fn resource_trait(self) -> Option<&'static str> {
        match self {
            Noun::Person => Some("user"),
            Noun::Group => Some("group"),
            Noun::Role => Some("role"),
            Noun::App => Some("app"),
            Noun::Right | Noun::Thing => None,
        }
    }

    /// What one has who has it: id, name with `resource.display_name` behind it, and purpose.
    pub fn standing(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Noun::Group => ("member", "Member of ", "assignment"),
            Noun::Role => ("assigned", "Has the role ", "assignment"),
            Noun::App => ("access", "Uses ", "assignment"),
            Noun::Right => ("assigned", "May ", "permission"),
            Noun::Person | Noun::Thing => ("access", "Access to ", "assignment"),
        }
    }

    /// What comes first in a file.
    pub fn rank(self) -> u8 {
        match self {
            Noun::Person => 0,
            Noun::Group => 1,
            Noun::Role => 2,
            Noun::Right => 3,
            Noun::App => 4,
            Noun::Thing => 5,
        }
    }

    /// The noun for comments.
    pub fn phrase(self) -> &'static str {
        match self {
            Noun::Person => "people or accounts",
            Noun::Group => "groups",
            Noun::Role => "roles",
            Noun::App => "applications",
            Noun::Right => "permissions",
            Noun::Thing => "something else",
        }
    }
}
