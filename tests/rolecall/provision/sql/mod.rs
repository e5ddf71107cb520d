//! Changes by queries, on real databases. What a change did is read by a connection of the test's
//! own.

mod case;
mod way;

use std::fmt::Write as _;

use case::Case;
use way::Way;

/// Each folder is a connector and what is done with it; the snapshot beside it tells what came of
/// each change, and what the database holds then.
#[tokio::test]
async fn every_change_does_what_its_case_says_on_every_database() {
    for folder in crate::fixtures("provision/sql") {
        let case = Case::load(&folder);
        for way in Way::all() {
            if !case.runs(way) {
                continue;
            }
            let Some(told) = case.run(way).await else {
                continue;
            };
            let mut name = "expected".to_owned();
            if case.differs(way) {
                write!(name, "_{}", way.name()).expect("a String takes all");
            }
            insta::with_settings!({
                snapshot_path => &folder,
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(name, told);
            });
        }
    }
}
