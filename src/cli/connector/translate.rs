//! Flags of the Go connectors → a command line of this program.

use serde_json::{Map, Value as Json};

use super::flags::Flags;
use crate::feed::FEED_ID;

/// A command line of this program, without its name, and whether it only lists.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct Translated {
    /// The arguments. They are parsed within the process: nobody else sees them.
    pub arguments: Vec<String>,
    /// True for a sync: one that may lack something still is a success for those who call such a
    /// connector.
    pub syncs: bool,
}

/// Says in this program's words what the flags ask for.
pub(in crate::cli) fn translate(flags: &Flags) -> Result<Translated, String> {
    let file = flags.file.display().to_string();
    let connector = flags.config_path.display().to_string();
    let mut words = Words::default();
    if let (Some(entitlement), Some(of), Some(id)) = (
        &flags.grant_entitlement,
        &flags.grant_principal_type,
        &flags.grant_principal,
    ) {
        words.change("grant").value("--file", &file);
        words.rest([&connector, entitlement, &format!("{of}/{id}")]);
    } else if let Some(grant) = &flags.revoke_grant {
        words.change("revoke").value("--file", &file);
        words.value("--grant", grant).rest([&connector]);
    } else if flags.event_feed {
        words.word("events");
        let feed = flags.event_feed_id.as_deref();
        if let Some(other) = feed.filter(|feed| !["", FEED_ID].contains(feed)) {
            return Err(format!(
                "there is no event feed `{other}`: there is `{FEED_ID}`"
            ));
        }
        words.given("--since", flags.event_feed_start_at.as_deref());
        words.given("--cursor", flags.event_feed_cursor.as_deref());
        if flags.event_feed_start_at.is_none() && flags.event_feed_cursor.is_none() {
            words.value("--lookback", "24h");
        }
        words.rest([&connector]);
    } else if let Some(input) = account(flags)? {
        words.change("create-account").value("--input", &input);
        words.given("--type", flags.create_account_resource_type.as_deref());
        words.credential(flags).rest([&connector]);
    } else if let Some(action) = &flags.invoke_action {
        words.change("invoke-action");
        words.value("--arguments", &flags.invoke_action_args);
        words.rest([&connector, action]);
    } else if flags.list_action_schemas {
        words.word("list-actions").rest([&connector]);
    } else if let (Some(id), Some(of)) = (&flags.delete_resource, &flags.delete_resource_type) {
        words.change("delete-resource");
        words.rest([&connector, &format!("{of}/{id}")]);
    } else if let (Some(id), Some(of)) = (&flags.rotate_credentials, &flags.rotate_credentials_type)
    {
        words.change("rotate-credential").credential(flags);
        words.rest([&connector, &format!("{of}/{id}")]);
    } else {
        words.sync(flags, &file)?.rest([&connector]);
        return Ok(Translated {
            arguments: words.0,
            syncs: true,
        });
    }
    Ok(Translated {
        arguments: words.0,
        syncs: false,
    })
}

/// The form of an account, as JSON: the profile, with login and address where it lacks them.
fn account(flags: &Flags) -> Result<Option<String>, String> {
    let (login, email) = (&flags.create_account_login, &flags.create_account_email);
    let mut form = match &flags.create_account_profile {
        Some(profile) => serde_json::from_str::<Map<String, Json>>(profile)
            .map_err(|_| "`--create-account-profile` is no JSON object".to_owned())?,
        None if login.is_none() && email.is_none() => return Ok(None),
        None => Map::new(),
    };
    for (name, value) in [("login", login), ("email", email)] {
        if let Some(value) = value {
            form.entry(name).or_insert_with(|| value.clone().into());
        }
    }
    Ok(Some(Json::Object(form).to_string()))
}

/// `type/id` of `bid:r:type/id`, or of the form with a parent, which is no part of the identity.
fn resource(bid: &str) -> Result<String, String> {
    let refused = || format!("`{bid}` names no resource: write `bid:r:type/id`");
    let text = bid.strip_prefix("bid:r:").ok_or_else(refused)?;
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => parts
                .last_mut()
                .ok_or_else(refused)?
                .push(letters.next().ok_or_else(refused)?),
            '/' => parts.push(String::new()),
            other => parts.last_mut().ok_or_else(refused)?.push(other),
        }
    }
    match parts.as_slice() {
        [of, id] | [_, _, of, id] if !of.is_empty() && !id.is_empty() => Ok(format!("{of}/{id}")),
        _ => Err(refused()),
    }
}

/// A command line while it is written. Values stand behind `=`, so that one that begins with a
/// hyphen is no option.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn word(&mut self, word: &str) -> &mut Self {
        self.0.push(word.to_owned());
        self
    }

    /// A command that changes something, which the flag that asks for it allows.
    fn change(&mut self, command: &str) -> &mut Self {
        self.word(command)
            .word("--provisioning")
            .word("--format=json")
    }

    fn value(&mut self, option: &str, value: &str) -> &mut Self {
        self.0.push(format!("{option}={value}"));
        self
    }

    fn given(&mut self, option: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.value(option, value);
        }
        self
    }

    /// How a new password leaves.
    fn credential(&mut self, flags: &Flags) -> &mut Self {
        for recipient in &flags.credential_recipient {
            self.value("--recipient", recipient);
        }
        let file = flags.credential_file.as_ref();
        let file = file.map(|file| file.display().to_string());
        self.given("--secret-file", file.as_deref())
    }

    fn sync(&mut self, flags: &Flags, file: &str) -> Result<&mut Self, String> {
        self.word("sync").value("--file", file);
        for of in &flags.sync_resource_types {
            self.value("--resource-types", of);
        }
        for bid in &flags.sync_resources {
            self.value("--resource", &resource(bid)?);
        }
        if flags.skip_entitlements_and_grants {
            self.word("--skip-entitlements");
        }
        if flags.skip_entitlements_and_grants || flags.skip_grants {
            self.word("--skip-grants");
        }
        let external = flags.external_resource_c1z.as_ref();
        let external = external.map(|file| file.display().to_string());
        self.given("--external", external.as_deref());
        let entitlement = flags.external_resource_entitlement_id_filter.as_deref();
        Ok(self.given("--external-entitlement", entitlement))
    }

    fn rest<'w>(&mut self, words: impl IntoIterator<Item = &'w String>) -> &mut Self {
        self.word("--");
        self.0.extend(words.into_iter().cloned());
        self
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Connector {
        #[command(flatten)]
        flags: Flags,
    }

    fn said(line: &str) -> String {
        let words = ["baton-sql", "--config-path", "hr.yaml"].into_iter();
        match Connector::try_parse_from(words.chain(line.split_whitespace())) {
            Ok(parsed) => match translate(&parsed.flags) {
                Ok(translated) => translated.arguments.join(" "),
                Err(refused) => format!("refused: {refused}"),
            },
            Err(error) => format!("{}", error.kind()),
        }
    }

    #[test]
    fn flags_become_commands() {
        let lines = [
            "",
            "-f out.c1z --sync-resource-types user,team --skip-entitlements-and-grants",
            r"--sync-resources bid:r:team/a\/b,bid:r:org/1/team/2 --skip-grants",
            "--sync-resources team/1",
            "--skip-grants",
            "--grant-entitlement team:1:member --grant-principal 7 --grant-principal-type user",
            "--grant-entitlement team:1:member --grant-principal 7",
            "--revoke-grant team:1:member:user:7 -p",
            "--revoke-grant g --delete-resource 7 --delete-resource-type user",
            "--create-account-email ada@acme.test",
            r#"--create-account-profile {"login":"ada","team":1} --create-account-login other --credential-file out"#,
            "--create-account-profile nonsense",
            "--delete-resource -7 --delete-resource-type user",
            "--delete-resource=-7 --delete-resource-type user",
            "--delete-resource 7",
            "--rotate-credentials 7 --rotate-credentials-type user --credential-recipient age1x",
            "--event-feed",
            "--event-feed true --event-feed-cursor abc --event-feed-start-at 2026-01-01T00:00:00Z",
            "--event-feed --event-feed-cursor abc",
            "--event-feed --event-feed-id other",
            "--event-feed false",
            r#"--invoke-action lock --invoke-action-args {"id":"7"}"#,
            "--list-action-schemas",
        ];
        let shown = lines.map(|line| format!("{line}\n  {}", said(line)));
        insta::assert_snapshot!(shown.join("\n"));
    }
}
