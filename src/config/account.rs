//! `account_provisioning` and `credential_rotation`: how accounts are made, and their passwords.

use std::num::NonZeroU32;

use super::change::ChangeConfig;
use super::decode::{Named, Placed, Tolerant, closed_set, section};
use super::http::RequestConfig;
use super::scalar::{ExprText, PathText, SqlText, Text};

section! {
    /// How accounts are created. The fields of `schema` are values of the queries by their names,
    /// and so is `password`.
    pub struct AccountProvisioningConfig {
        /// What whoever asks for an account fills in.
        pub schema: Vec<AccountFieldConfig>,
        /// How an account gets its password.
        pub credentials: Option<CredentialsConfig>,
        /// Finds the account, before it is created and after.
        pub validate: Option<AccountQueryConfig>,
        /// Creates the account.
        pub create: Option<StatementsConfig>,
    }
}

section! {
    /// A field of the form for an account.
    pub struct AccountFieldConfig {
        /// Its name in the form, in queries (`?<name>`) and in expressions (`input.name`).
        pub name: Text,
        /// What to fill in.
        pub description: Option<Text>,
        /// The kind of value. Required.
        pub r#type: Option<Tolerant<AccountFieldType>>,
        /// What the form shows while the field is empty.
        pub placeholder: Option<Text>,
        /// Whether it must be filled in. A field that is not is null where it is left empty.
        pub required: bool = false,
    }
}

closed_set! {
    /// The kind of value of a field.
    pub enum AccountFieldType {
        /// Text.
        String = "string",
        /// A list of texts.
        StringList = "string_list",
        /// True or false.
        Boolean = "boolean",
        /// A whole number.
        Int = "int",
        /// Values by name.
        Map = "map",
    }
}

section! {
    /// How an account gets its password. Several ways can be offered.
    pub struct CredentialsConfig {
        /// It has none: `no_password: {}`.
        pub no_password: Option<Placed<PlainCredentialConfig>>,
        /// A new one is made.
        pub random_password: Option<Placed<RandomPasswordConfig>>,
        /// One that was chosen elsewhere is handed over encrypted.
        pub encrypted_password: Option<Placed<PlainCredentialConfig>>,
    }
}

section! {
    /// A way to get a password.
    pub struct PlainCredentialConfig {
        /// Takes this way where nobody asked for another. One of them can be preferred.
        pub preferred: bool = false,
    }
}

section! {
    /// How a new password is made.
    pub struct RandomPasswordConfig {
        /// Takes this way where nobody asked for another. One of them can be preferred.
        pub preferred: bool = false,
        /// Characters that it must hold. They replace the rules of whoever asks.
        pub constraints: Vec<PasswordConstraintConfig>,
        /// Has no effect: whoever asks for a password says how long it is.
        pub min_length: Option<Placed<u32>>,
        /// Has no effect: whoever asks for a password says how long it is.
        pub max_length: Option<Placed<u32>>,
        /// Has no effect: write the characters that are allowed as `constraints`.
        pub disallowed_characters: Option<Text>,
    }
}

section! {
    /// Characters that a new password must hold.
    pub struct PasswordConstraintConfig {
        /// The characters, for example `0123456789`.
        pub char_set: Text,
        /// How many of them at least.
        pub min_count: NonZeroU32,
    }
}

section! {
    /// A query or a request that finds an account.
    pub struct AccountQueryConfig {
        /// SQL with placeholders `?<name>`. A row means that the account is there; `list.map` says
        /// what it becomes.
        pub query: Option<SqlText>,
        /// Further values for its placeholders, by name: a field of `schema`, or an expression over
        /// `input`.
        pub vars: Named<ExprText>,
        /// The request that finds it; its templates know `input`. The list's mapping says what the
        /// answer becomes. An addition of rolecall.
        pub request: Option<RequestConfig>,
        /// Path of the account in the answer, or of a list that holds it alone. Not written: the
        /// whole answer. An addition of rolecall.
        pub item_path: Option<PathText>,
    }
}

section! {
    /// Statements or requests that change something: that create an account, set a password, create
    /// or delete a resource.
    pub struct StatementsConfig {
        /// Further values for the placeholders, by name.
        pub vars: Named<ExprText>,
        /// Path of what was created in the last answer, or of a list that holds it alone, where there
        /// is no `validate` that finds it. Not written: the whole answer. Only of what creates
        /// something. An addition of rolecall.
        pub item_path: Option<PathText>,
        => pub change: ChangeConfig
    }
}

section! {
    /// How resources of the type are created. An addition of rolecall.
    pub struct ResourceCreationConfig {
        /// What whoever asks for a resource fills in. The fields are values of the queries by their
        /// names, and `input.name` in templates and expressions.
        pub schema: Vec<AccountFieldConfig>,
        /// Finds the resource, before it is created and after.
        pub validate: Option<AccountQueryConfig>,
        /// Creates it.
        pub create: Option<StatementsConfig>,
    }
}

section! {
    /// How an account gets a new password. `resource_id` and `password` are values of the queries.
    pub struct CredentialRotationConfig {
        /// How it gets the password.
        pub credentials: Option<CredentialsConfig>,
        /// Changes the password.
        pub update: Option<StatementsConfig>,
    }
}
