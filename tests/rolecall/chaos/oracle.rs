//! What must be true of a sync that has ended, plane by plane, and proof that each can tell.

use std::collections::{BTreeMap, BTreeSet};

use super::world::Ended;

/// What a sync that went to its end must look like.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What the output says.
    pub facts: BTreeSet<String>,
    /// 0, or 3 when something may be missing.
    pub code: i32,
    /// The codes of what was odd, and how often.
    pub findings: BTreeMap<String, u64>,
    /// Every page, which is asked for at least once.
    pub pages: BTreeSet<String>,
    /// How often a page may be asked for again.
    pub again: Again,
}

/// How often pages may be asked for again because of interruptions.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    /// Each page at most so often more.
    pub each: usize,
    /// All of them together at most so often more.
    pub all: usize,
}

impl Again {
    pub const NEVER: Self = Self { each: 0, all: 0 };

    /// After interruptions of runs with so many listings side by side: one page of each, and the last
    /// page of one in whose place another has begun, which nobody waits for.
    pub fn after(interrupted: &[usize]) -> Self {
        Self {
            each: interrupted.len(),
            all: 2 * interrupted.iter().sum::<usize>(),
        }
    }
}

/// Everything that is not as it must be: the plane, then what is wrong.
pub fn violations(ended: &Ended, expected: &Expected) -> Vec<String> {
    let mut found = Vec::new();
    facts(ended, expected, &mut found);
    lifecycle(ended, expected, &mut found);
    calls(ended, expected, &mut found);
    evidence(ended, expected, &mut found);
    files(ended, &mut found);
    found
}

fn facts(ended: &Ended, expected: &Expected, found: &mut Vec<String>) {
    let Some(facts) = &ended.facts else {
        return found.push("facts: there is no output".into());
    };
    let missing = expected.facts.difference(facts);
    found.extend(missing.map(|fact| format!("facts: missing: {fact}")));
    let made_up = facts.difference(&expected.facts);
    found.extend(made_up.map(|fact| format!("facts: made up: {fact}")));
}

fn lifecycle(ended: &Ended, expected: &Expected, found: &mut Vec<String>) {
    if ended.code != Some(expected.code) {
        found.push(format!("lifecycle: exit code {:?}", ended.code));
    }
    if ended.runs.len() != 1 || ended.runs.iter().any(|(_, sealed)| !sealed) {
        found.push(format!("lifecycle: runs {:?}", ended.runs));
    }
}

fn calls(ended: &Ended, expected: &Expected, found: &mut Vec<String>) {
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for page in &ended.calls {
        *asked.entry(page).or_default() += 1;
    }
    for page in &expected.pages {
        if !asked.contains_key(page.as_str()) {
            found.push(format!("calls: nobody asked for {page}"));
        }
    }
    let mut all = 0;
    for (page, times) in asked {
        if !expected.pages.contains(page) {
            found.push(format!("calls: there is no {page}"));
        }
        if times > 1 + expected.again.each {
            found.push(format!("calls: {page} was asked for {times} times"));
        }
        all += times - 1;
    }
    if all > expected.again.all {
        found.push(format!("calls: {all} pages were asked for again"));
    }
}

fn evidence(ended: &Ended, expected: &Expected, found: &mut Vec<String>) {
    let Some(report) = &ended.report else {
        return found.push("evidence: there is no report".into());
    };
    if ended.findings() != expected.findings {
        found.push(format!("evidence: findings {:?}", ended.findings()));
    }
    let verdict = match expected.code {
        3 => "partial",
        _ => "complete",
    };
    if report["verdict"] != verdict {
        found.push(format!("evidence: verdict {}", report["verdict"]));
    }
    if ended.runs.first().map(|(id, _)| id.as_str()) != report["sync_id"].as_str() {
        found.push(format!("evidence: sync_id {}", report["sync_id"]));
    }
}

/// Nothing is left but the output.
fn files(ended: &Ended, found: &mut Vec<String>) {
    for file in &ended.files {
        if file != "out.c1z" {
            found.push(format!("files: {file} is left"));
        }
    }
}

/// A sync that was interrupted or failed leaves what to go on from, and nothing else.
pub fn interrupted(ended: &Ended) -> Vec<String> {
    let mut found = Vec::new();
    if ended.facts.is_some() {
        found.push("facts: there is an output".into());
    }
    // Whoever is killed cannot take the last three away.
    let fine = [
        "out.c1z.work",
        "out.c1z.work-wal",
        "out.c1z.work-holder",
        "out.c1z.work-packing",
        "out.c1z.tmp",
    ];
    for file in &ended.files {
        if !fine.contains(&file.as_str()) {
            found.push(format!("files: {file} is left"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::scenario::Scenario;
    use super::super::world::World;
    use super::*;

    /// An oracle that cannot fail proves nothing: one violation is planted in each plane.
    #[test]
    fn every_oracle_notices_its_violation() {
        let scenario = Scenario::standard();
        let sound = World::new(&scenario).sync(3);
        let expected = Expected {
            facts: scenario.manifest(),
            code: 0,
            findings: BTreeMap::new(),
            pages: scenario.targets().into_iter().collect(),
            again: Again::NEVER,
        };
        assert_eq!(
            violations(&sound, &expected),
            Vec::<String>::new(),
            "{}",
            sound.said
        );
        type Plant = fn(&mut Ended);
        let planted: [(&str, Plant); 13] = [
            ("facts: missing", |it| {
                it.facts.as_mut().expect("there").pop_first();
            }),
            ("facts: made up", |it| {
                let facts = it.facts.as_mut().expect("there");
                facts.insert("grant group:g1:member to user:nobody".into());
            }),
            ("facts: there is no", |it| it.facts = None),
            ("lifecycle: exit", |it| it.code = None),
            ("lifecycle: runs", |it| it.runs[0].1 = false),
            ("lifecycle: runs", |it| {
                it.runs.push(("second".into(), true))
            }),
            ("calls: nobody", |it| {
                it.calls.retain(|page| page != "/orgs")
            }),
            ("calls: there is no /x", |it| it.calls.push("/x".into())),
            ("calls: /users was asked", |it| {
                it.calls.push("/users".into())
            }),
            ("calls: 1 pages", |it| it.calls.push("/users".into())),
            ("evidence: findings", |it| {
                let report = it.report.as_mut().expect("there");
                report["findings"] = json!({"missing-parent": {"count": 1}});
            }),
            ("evidence: sync_id", |it| {
                it.report = Some(json!({"verdict": "complete"}))
            }),
            ("files: out.c1z.tmp", |it| {
                it.files.insert("out.c1z.tmp".into());
            }),
        ];
        for (plane, plant) in planted {
            let mut ended = sound.clone();
            plant(&mut ended);
            let found = violations(&ended, &expected);
            assert!(
                found.iter().any(|it| it.starts_with(plane)),
                "{plane}: {found:?}"
            );
        }
        assert_eq!(interrupted(&sound).len(), 2);
    }
}
