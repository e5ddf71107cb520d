//! Changes by queries, on real databases. What a change did is read by a connection of the test's
//! own.

mod broken;
mod case;
mod roles;
mod secrets;
mod values;
pub mod way;

use case::Case;
use way::Way;

/// Each folder is a connector and what is done with it; the snapshot beside it tells what came of
/// each change, and what the database holds then.
#[test]
fn every_change_does_what_its_case_says_on_every_database() {
    let cases: Vec<_> = crate::fixtures("provision/sql")
        .into_iter()
        .map(|folder| (Case::load(&folder), folder))
        .collect();
    // A thread per way: making and dropping databases blocks.
    let told = std::thread::scope(|scope| {
        let ways = Way::all().into_iter().map(|way| {
            let cases = &cases;
            let told = scope.spawn(move || told(way, cases));
            (way, told)
        });
        let ways: Vec<_> = ways.collect();
        let told = ways
            .into_iter()
            .map(|(way, told)| (way, told.join().expect("no case panics")));
        told.collect::<Vec<_>>()
    });
    for (index, (case, folder)) in cases.iter().enumerate() {
        for (way, told) in &told {
            let Some(told) = &told[index] else {
                continue;
            };
            let name = match case.differs(*way) {
                true => format!("expected_{}", way.name()),
                false => "expected".to_owned(),
            };
            insta::with_settings!({
                snapshot_path => folder,
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(name, told);
            });
        }
    }
}

/// What comes of every case on one way; `None` where it is not for it, or where there is no server.
fn told(way: Way, cases: &[(Case, std::path::PathBuf)]) -> Vec<Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let told = cases.iter().map(|(case, _)| match case.runs(way) {
        true => runtime.block_on(case.run(way)),
        false => None,
    });
    told.collect()
}
