//! What `scripts/bench c1z` measures. Each case is a process of its own, so that its time and its
//! memory can be taken from outside; some say numbers of their own, as cells of a table.
//!
//! `write OUT`: a work file, sealed and packed. `read FILE`: every grant, by entitlement.
//! `commits OUT`: what a commit costs, by its size. `checkpoint OUT PARENTS`: the largest checkpoint
//! of a sync that lists something for each of so many parents. `nested OUT` and `expand OUT`: a work
//! file with nested groups, and what it takes to settle, seal and pack it.

mod checkpoint;
mod company;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::Utc;
use company::Company;
use rolecall::c1z::{self, Begin, C1z, Compression, GrantFilter, ReadLimits, WorkFile};
use rolecall::model::SyncKind;
use rolecall::sync::{RunRecord, SyncSink};

const FLAT: Company = Company {
    users: 100_000,
    groups: 2_000,
    grants: 1_000_000,
    nested: false,
};

/// Groups in groups, five deep in the mean: about a million grants once they are expanded.
const NESTED: Company = Company {
    users: 100_000,
    groups: 50_000,
    grants: 150_000,
    nested: true,
};

/// Rows that a sync stores at a time when pages come fast.
const ROWS: usize = 5_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", out] => {
            write(FLAT, out)?;
            seal(out)
        }
        ["read", file] => read(file),
        ["commits", out] => commits(out),
        ["checkpoint", out, parents] => checkpoint::largest(Path::new(out), parents.parse()?),
        ["nested", out] => write(NESTED, out),
        ["expand", out] => seal(out),
        // Cargo calls every benchmark so; this one is run by the script.
        ["--bench"] | [] => Ok(()),
        _ => bail!("no such case: {arguments:?}"),
    }
}

fn open(out: &str) -> anyhow::Result<WorkFile> {
    let begin = Begin {
        kind: SyncKind::Full,
        fingerprint: "bench",
        now: Utc::now(),
        fresh: false,
    };
    Ok(WorkFile::open(Path::new(out), &begin)?.0)
}

fn write(company: Company, out: &str) -> anyhow::Result<()> {
    let mut work = open(out)?;
    for facts in company.commits(ROWS) {
        work.commit(&facts, "{}")?;
    }
    Ok(())
}

fn seal(out: &str) -> anyhow::Result<()> {
    let mut work = open(out)?;
    work.settle()?;
    work.seal(Utc::now(), &RunRecord::default())?;
    c1z::pack(work, Path::new(out), Compression::Zstd)?;
    Ok(())
}

fn read(file: &str) -> anyhow::Result<()> {
    let opened = C1z::open(Path::new(file), ReadLimits::default())?;
    let mut holders: HashMap<String, u32> = HashMap::new();
    for grant in opened.sync(None)?.grants(&GrantFilter::default()) {
        *holders.entry(grant?.entitlement.0).or_default() += 1;
    }
    let most = holders.values().max().context("the file has no grants")?;
    println!("{} entitlements, at most {most} holders", holders.len());
    Ok(())
}

/// A row of a table for each size of a commit: how long the fastest, the middle and the slowest of
/// a hundred took.
fn commits(out: &str) -> anyhow::Result<()> {
    for rows in [1, 10, 100, 1_000, 10_000] {
        let of_size = format!("{out}-{rows}");
        let mut work = open(&of_size)?;
        // Storing begins with tables that have a size.
        for facts in FLAT.commits(ROWS).take(40) {
            work.commit(&facts, "{}")?;
        }
        let mut took: Vec<Duration> = Vec::new();
        for facts in FLAT.memberships(rows).take(100) {
            let began = Instant::now();
            work.commit(&facts, "{}")?;
            took.push(began.elapsed());
        }
        took.sort();
        let cells = [0, took.len() / 2, took.len() - 1].map(|n| took[n].as_secs_f64() * 1e3);
        let per_row = cells[1] * 1e3 / rows as f64;
        println!(
            "| {rows} | {:.2} ms | {:.2} ms | {:.1} ms | {per_row:.1} µs |",
            cells[0], cells[1], cells[2]
        );
        std::fs::remove_file(work.path())?;
    }
    Ok(())
}
