//! What the platform is told of a connector.

use rolecall::daemon::about;
use rolecall::proto::connector::v2::ConnectorMetadata;
use rolecall::protocol::json::show;

use super::desk::{Desk, pretty};
use crate::provision::plan_of;

fn text(metadata: &ConnectorMetadata) -> String {
    pretty(show(metadata))
}

#[test]
fn all_that_can_be_done_is_told() {
    let desk = Desk::company();
    insta::assert_snapshot!(text(&about(&desk.connector.plan, true)));
}

#[test]
fn without_leave_to_change_anything_nothing_that_changes_is_told() {
    let desk = Desk::company();
    insta::assert_snapshot!(text(&about(&desk.connector.plan, false)));
}

/// Platforms refuse a connector without a name, and texts that are too long.
#[test]
fn names_have_the_length_that_platforms_take() {
    let long = "ä".repeat(5000);
    let text = format!(
        "app_name: {long}\napp_description: {long}\nconnect: {{base_url: 'https://acme.test'}}\nresource_types:\n  user: {{name: {long}, description: {long}, static_resources: [{{id: ada}}]}}\n"
    );
    let told = about(&plan_of(&text, &[]), true);
    assert_eq!(told.display_name, "ä".repeat(512));
    assert_eq!(told.description, "ä".repeat(2048));
    let types = &told
        .capabilities
        .expect("there are")
        .resource_type_capabilities;
    let of = types[0].resource_type.as_ref().expect("it has one");
    assert_eq!((of.display_name.len(), of.description.len()), (1024, 4096));
    let nameless = "connect: {base_url: 'https://acme.test'}\nresource_types:\n  user: {name: User, static_resources: [{id: ada}]}\n";
    assert_eq!(
        about(&plan_of(nameless, &[]), true).display_name,
        "rolecall"
    );
}
