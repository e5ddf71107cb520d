//! Which type an account is of.

use rolecall::provision::{AccountRequest, create_account};

use crate::provision::plan_of;

/// A connector with accounts of these types; each is named with its trait.
fn asked(types: &[(&str, &str)], named: Option<&str>) -> Result<String, String> {
    let types = types.iter().map(|(name, of)| {
        format!(
            "
  {name}:
    traits: [{of}]
    list:
      request: {{url: /{name}}}
      response: {{items_path: all, resource_mapping: {{id: 'cel:item.id', display_name: 'cel:item.id'}}}}
    account_provisioning:
      credentials: {{no_password: {{}}}}
      create: {{request: {{method: POST, url: /{name}}}}}"
        )
    });
    let types: String = types.collect();
    let text = format!(
        "app_name: Acme\nconnect: {{base_url: 'https://acme.test'}}\nresource_types:{types}\n"
    );
    let plan = plan_of(&text, &[]);
    let request = AccountRequest {
        resource_type: named.map(str::to_owned),
        ..AccountRequest::default()
    };
    let making = create_account(&plan, request).map_err(|error| error.to_string())?;
    Ok(making.subject()["resource_type"].clone())
}

#[test]
fn the_type_of_an_account_is_the_one_named_the_only_one_or_that_of_users() {
    let both = [("robot", "app"), ("person", "user")];
    assert_eq!(asked(&both, Some("robot")), Ok("robot".to_owned()));
    assert_eq!(asked(&both, None), Ok("person".to_owned()));
    assert_eq!(asked(&both[..1], None), Ok("robot".to_owned()));
    let messages = [
        asked(&[("robot", "app"), ("service", "app")], None),
        asked(&both, Some("persn")),
    ];
    let messages = messages.map(|asked| asked.expect_err("it cannot be told"));
    insta::assert_snapshot!(messages.join("\n"), @"
    several resource types have accounts; name one of `robot`, `service`
    there is no resource type `persn`; did you mean `person`?
    ");
}
