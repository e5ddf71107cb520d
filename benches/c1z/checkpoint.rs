//! How large the checkpoints of a sync become.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use rolecall::c1z::{Begin, WorkFile};
use rolecall::config;
use rolecall::diagnostic::Severity;
use rolecall::model::{Resource, ResourceId, ResourceTypeId, SyncKind, SyncRun};
use rolecall::plan::{self, Check, Plan, Purpose};
use rolecall::source::Meter;
use rolecall::sync::{
    self, Committed, Concurrency, Options, PageFacts, RowPosition, RunRecord, Scope, Settled,
    SinkError, SyncSink,
};
use tokio_util::sync::CancellationToken;

/// Listings side by side.
const SIDE_BY_SIDE: usize = 16;

/// Parents in a database file, each of which is asked for its grants.
const CONNECTOR: &str = r#"
app_name: Bench
connect: {dsn: "sqlite:parents.db"}
resource_types:
  parent:
    list:
      query: SELECT id FROM parents WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id, page_size: 1000}
      map: {id: .id, display_name: .id, traits: {group: {}}}
    static_entitlements: [{id: member, display_name: Member, purpose: assignment}]
    grants:
      - query: SELECT ?<parent> AS id
        vars: {parent: resource.ID}
        map: [{principal_id: .id, principal_type: parent, entitlement_id: member}]
"#;

/// Says how many bytes the largest checkpoint of a sync with so many parents has.
pub fn largest(out: &Path, parents: u32) -> anyhow::Result<()> {
    let folder = out.parent().context("the output is in a folder")?;
    let plan = plan(folder, parents)?;
    let begin = Begin {
        kind: SyncKind::Full,
        fingerprint: &sync::fingerprint(&plan, &Scope::default()),
        now: Utc::now(),
        fresh: true,
    };
    let sink = Measuring {
        work: WorkFile::open(out, &begin)?.0,
        largest: 0,
    };
    let options = Options {
        scope: Scope::default(),
        concurrency: Concurrency::of(SIDE_BY_SIDE),
        meter: Meter::new(),
        cancel: CancellationToken::new(),
        watcher: None,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let ran = sync::run(Arc::new(plan), sink, options, &|_| {});
    let (_, sink) = runtime.block_on(ran)?;
    println!("| {parents} | {} bytes |", sink.largest);
    std::fs::remove_file(sink.work.path())?;
    Ok(())
}

fn plan(folder: &Path, parents: u32) -> anyhow::Result<Plan> {
    let (database, connector) = (folder.join("parents.db"), folder.join("parents.yaml"));
    let _ = std::fs::remove_file(&database);
    let db = rusqlite::Connection::open(&database)?;
    db.execute_batch("create table parents (id integer primary key)")?;
    db.execute(
        "insert into parents with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
         select i from n",
        [parents],
    )?;
    std::fs::write(&connector, CONNECTOR)?;
    let how = Check {
        environment: &std::collections::HashMap::new(),
        unset_variable: Severity::Error,
        strict: false,
        purpose: Purpose::Sync,
    };
    let (plan, found) = plan::check(config::load(&connector), how);
    plan.with_context(|| format!("the connector has mistakes: {found:?}"))
}

/// A work file whose checkpoints are measured.
struct Measuring {
    work: WorkFile,
    largest: usize,
}

impl SyncSink for Measuring {
    fn run(&self) -> &SyncRun {
        self.work.run()
    }

    fn checkpoint(&self) -> Result<Option<String>, SinkError> {
        self.work.checkpoint()
    }

    fn commit(&mut self, page: &PageFacts, checkpoint: &str) -> Result<Committed, SinkError> {
        self.largest = self.largest.max(checkpoint.len());
        self.work.commit(page, checkpoint)
    }

    fn newest_grant(&self) -> Result<RowPosition, SinkError> {
        self.work.newest_grant()
    }

    fn note_again(&mut self, since: RowPosition) -> Result<(), SinkError> {
        self.work.note_again(since)
    }

    fn resources_after(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
        limit: usize,
    ) -> Result<Vec<(RowPosition, Resource)>, SinkError> {
        self.work.resources_after(resource_type, after, limit)
    }

    fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, SinkError> {
        self.work.resource(id)
    }

    fn count_resources(&self, resource_type: &ResourceTypeId) -> Result<u64, SinkError> {
        self.work.count_resources(resource_type)
    }

    fn settle(&mut self) -> Result<Settled, SinkError> {
        self.work.settle()
    }

    fn seal(&mut self, ended_at: DateTime<Utc>, record: &RunRecord) -> Result<(), SinkError> {
        self.work.seal(ended_at, record)
    }
}
