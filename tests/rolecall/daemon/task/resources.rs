//! Resources that are no accounts come, and any go.

use serde_json::json;

use super::desk::Desk;

#[tokio::test]
async fn a_resource_comes_and_goes() {
    let desk = Desk::company();
    let team = |id: &str| json!({"resourceType": "team", "resource": id});
    let person = |id: &str| json!({"resourceType": "person", "resource": id});
    let told = desk
        .told(vec![
            (
                "created, its form filled from what the resource is",
                json!({"createResource": {"resource": {"id": team("green"), "displayName": "Green"}}}),
            ),
            (
                "there already",
                json!({"createResource": {"resource": {"id": team("green"), "displayName": "Green"}}}),
            ),
            (
                "created, its form filled from attributes",
                json!({"createResource": {"resource": {
                    "id": {"resourceType": "team"}, "profile": {"id": "grey", "name": "Grey"},
                }}}),
            ),
            (
                "deleted",
                json!({"deleteResource": {"resourceId": person("eve"), "parentResourceId": team("red")}}),
            ),
            ("gone already", json!({"deleteResource": {"resourceId": person("eve")}})),
            ("never there", json!({"deleteResource": {"resourceId": person("nobody")}})),
        ])
        .await;
    insta::assert_snapshot!(told);
    let teams = desk.rows("SELECT id, name FROM teams ORDER BY id");
    assert_eq!(
        teams,
        ["blue:1, Blue", "green, Green", "grey, Grey", "red, Red"]
    );
    assert!(
        desk.rows("SELECT id FROM people WHERE id = 'eve'")
            .is_empty()
    );
}
