//! One attempt at a change by queries, on a connection of its own.

use super::super::outcome::{Annotation, StepState};
use super::super::prepared::{NoRows, Prepared};
use super::super::steps::End;
use super::ledger::Ledger;
use super::outline::{COMMIT, query, validation};
use super::replace::{self, Found, Replaced};
use super::words::Words;
use crate::expr::{Inputs, Scope};
use crate::plan::SqlChangePlan;
use crate::source::SourceError;
use crate::source::sql::{Made, Session, SqlStatement, Verb};

/// The reason for a refusal that gives none.
const REFUSED: &str = "Grant cancelled by connector policy.";

/// A change on its way.
pub(super) struct Attempt<'a> {
    pub change: &'a SqlChangePlan,
    pub prepared: &'a Prepared<'a>,
    pub words: &'a Words,
    pub session: Box<dyn Session + 'a>,
    /// Whether there is a transaction now.
    pub is_open: bool,
    pub ledger: Ledger,
    /// The first row of the last statement that brought one.
    pub brought: Inputs,
    pub annotations: Vec<Annotation>,
}

/// Why a change does not go on.
pub(super) enum Stop {
    /// The file, or what the database counts, says so.
    End(End),
    /// A step failed.
    Broken(Broken),
    /// What was done could not be committed.
    Uncommitted(SourceError),
}

/// A step that failed.
pub(super) struct Broken {
    pub step: String,
    /// What it does; `None` of one that only asks.
    pub verb: Option<Verb>,
    /// Whether it ran in a transaction.
    pub undone: bool,
    pub error: SourceError,
}

/// What the statements of a change counted.
#[derive(Default)]
struct Tally {
    rows: u64,
    /// Whether one ran that is not counted.
    uncounted: bool,
}

impl Tally {
    fn found_nothing(&self) -> bool {
        self.rows == 0 && !self.uncounted
    }
}

impl Attempt<'_> {
    /// Runs one part after the other.
    pub(super) async fn run(&mut self) -> Result<(), Stop> {
        self.reject().await?;
        self.replace().await?;
        let (change, inputs) = (self.change, &self.prepared.inputs);
        for (index, statement) in change.validations.iter().enumerate() {
            self.validate(&validation(index), statement, inputs).await?;
        }
        let mut tally = Tally::default();
        for (index, statement) in change.statements.iter().enumerate() {
            let step = query(index);
            self.make(&step, statement, inputs, change.max_rows, &mut tally)
                .await?;
        }
        if tally.found_nothing() {
            match self.prepared.deed.no_rows() {
                NoRows::Made => {}
                NoRows::AlreadySo => return Err(Stop::End(self.found_nothing())),
                NoRows::Wrong => {
                    let reason = match change.statements.len() {
                        1 => "`queries[0]` changed no row: there is nothing that it applies to",
                        _ => "the queries changed no row: there is nothing that they apply to",
                    };
                    return Err(Stop::End(End::WrongRows(reason.to_owned())));
                }
            }
        }
        self.commit().await?;
        if change.in_transaction {
            self.ledger.note(COMMIT, StepState::Done, None);
        }
        Ok(())
    }

    /// What it means that there seems to be nothing left to do.
    fn found_nothing(&self) -> End {
        match self.annotations.first() {
            // Were it there, it would have been found, or been the one that was to be replaced.
            Some(Annotation::GrantReplaced { replaced_grant_id }) => End::WrongRows(format!(
                "the queries changed no row, although `{replaced_grant_id}` was revoked for it"
            )),
            _ => End::AlreadySo,
        }
    }

    /// `reject_if`: a row refuses the change.
    async fn reject(&mut self) -> Result<(), Stop> {
        let Some(rejection) = &self.change.rejection else {
            return Ok(());
        };
        let inputs = &self.prepared.inputs;
        let asked = self.ask("reject_if", &rejection.query, inputs).await?;
        let Some(row) = asked.records.first() else {
            return Ok(());
        };
        let scope = Scope::new(inputs, Some(row));
        let reason = rejection.reason.as_ref().map(|reason| reason.text(&scope));
        let reason = match reason {
            Some(Ok(Some(reason))) if !reason.trim().is_empty() => reason,
            Some(Err(error)) => format!("{REFUSED} (`reject_if.reason` fails: {error})"),
            _ => REFUSED.to_owned(),
        };
        Err(Stop::End(End::Refused(self.words.plain(&reason))))
    }

    /// `grant_replace`: the one grant that is found is revoked first.
    async fn replace(&mut self) -> Result<(), Stop> {
        const STEP: &str = "grant_replace";
        let Some(replacement) = &self.change.replacement else {
            return Ok(());
        };
        let inputs = &self.prepared.inputs;
        let asked = self.ask(STEP, &replacement.query, inputs).await?;
        match replace::find(replacement, &asked.records, self.prepared) {
            Ok(Found::Nothing) => Ok(()),
            Ok(Found::Itself) => Err(Stop::End(End::AlreadySo)),
            Ok(Found::Other(replaced)) => self.revoke(STEP, &replaced).await,
            Err(end) => Err(Stop::End(end)),
        }
    }

    /// Revokes the grant that is replaced, on this connection and in this transaction.
    async fn revoke(&mut self, behind: &str, replaced: &Replaced<'_>) -> Result<(), Stop> {
        let (change, inputs) = (replaced.change, &replaced.inputs);
        let id = replaced.id.as_str();
        let validations = change.validations.iter().enumerate();
        let validations =
            validations.map(|(index, statement)| (validation(index), statement, false));
        let statements = change.statements.iter().enumerate();
        let statements = statements.map(|(index, statement)| (query(index), statement, true));
        let mut steps = Vec::new();
        for (name, statement, changes) in validations.chain(statements) {
            let step = format!("{behind}.{name}");
            let view = statement.view(inputs);
            let view = view.map_err(|error| broken(&step, None, true, error))?;
            if !self.runs_here(statement, inputs) {
                return Err(Stop::End(End::Failed(format!(
                    "`grant_replace` found `{id}`, which is in another database: both cannot be changed together"
                ))));
            }
            let view = self.words.view(view);
            self.ledger.insert(behind, &step, &view, changes);
            steps.push((step, statement, changes));
        }
        let mut tally = Tally::default();
        for (step, statement, changes) in steps {
            match changes {
                false => self.validate(&step, statement, inputs).await?,
                true => {
                    self.make(&step, statement, inputs, change.max_rows, &mut tally)
                        .await?;
                }
            }
        }
        if tally.found_nothing() {
            return Err(Stop::End(End::WrongRows(format!(
                "`grant_replace` found `{id}`, and revoking it changed no row"
            ))));
        }
        self.annotations.push(Annotation::GrantReplaced {
            replaced_grant_id: id.to_owned(),
        });
        Ok(())
    }

    /// Whether a statement wants the database that this connection is to.
    fn runs_here(&self, statement: &SqlStatement, inputs: &Inputs) -> bool {
        let wanted = |statement: &SqlStatement, inputs| statement.database(inputs).ok().flatten();
        let first = self.change.statements.first();
        let here = first.and_then(|first| wanted(first, &self.prepared.inputs));
        wanted(statement, inputs) == here
    }

    /// A query that must bring a row.
    async fn validate(
        &mut self,
        step: &str,
        statement: &SqlStatement,
        inputs: &Inputs,
    ) -> Result<(), Stop> {
        let asked = self.ask(step, statement, inputs).await?;
        match asked.records.is_empty() {
            false => Ok(()),
            true if self.change.validations_signal_idempotency => {
                self.ledger.note(step, StepState::AlreadySo, None);
                Err(Stop::End(End::AlreadySo))
            }
            true => {
                self.ledger.note(step, StepState::Failed, None);
                let reason = format!("`{step}` found no row, and nothing is changed without one");
                Err(Stop::End(End::Refused(reason)))
            }
        }
    }

    /// Runs a statement that only asks.
    async fn ask(
        &mut self,
        step: &str,
        statement: &SqlStatement,
        inputs: &Inputs,
    ) -> Result<Made, Stop> {
        self.open(step).await?;
        let asked = statement.run(inputs, self.session.as_mut()).await;
        let state = match &asked {
            Ok(_) => StepState::Done,
            Err(_) => StepState::Failed,
        };
        self.ledger.note(step, state, None);
        asked.map_err(|error| broken(step, None, self.is_open, error))
    }

    /// Runs a statement that changes something, and looks at how many rows it changed.
    async fn make(
        &mut self,
        step: &str,
        statement: &SqlStatement,
        inputs: &Inputs,
        max_rows: Option<u32>,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let verb = statement.verb(inputs);
        let verb = verb.map_err(|error| broken(step, None, self.is_open, error))?;
        // What comes before such a statement stays whatever becomes of it. It is committed here, so
        // that what was kept is known even when nobody knows what became of the statement.
        let alone = verb == Verb::Defines && self.session.definitions_commit();
        match alone {
            true => self.commit().await?,
            false => self.open(step).await?,
        }
        let made = match statement.run(inputs, self.session.as_mut()).await {
            Ok(made) => made,
            Err(error) => {
                self.ledger.note(step, StepState::Failed, None);
                return Err(broken(step, Some(verb), self.is_open, error));
            }
        };
        self.ledger.note(step, StepState::Done, made.changed);
        if alone {
            // Where nobody knows whether the system does so by itself.
            self.session.commit().await.map_err(Stop::Uncommitted)?;
        }
        if !self.is_open {
            self.ledger.keep();
        }
        if let Some(row) = made.records.into_iter().next() {
            self.brought.set("row", row);
        }
        match made.changed {
            None => tally.uncounted = true,
            Some(rows) => tally.rows += rows,
        }
        let most = u64::from(max_rows.unwrap_or(1));
        match made.changed.filter(|rows| *rows > most) {
            None => Ok(()),
            Some(rows) => Err(Stop::End(End::WrongRows(format!(
                "`{step}` changed {rows} rows, and may change {most}: narrow its condition, or write `max_affected_rows: {rows}` where so many are right"
            )))),
        }
    }

    /// Begins the next transaction, where the last one was committed on the way.
    async fn open(&mut self, step: &str) -> Result<(), Stop> {
        if self.change.in_transaction && !self.is_open {
            let begun = self.session.begin().await;
            begun.map_err(|error| broken(step, None, true, error))?;
            self.is_open = true;
        }
        Ok(())
    }

    /// Keeps what was done so far.
    async fn commit(&mut self) -> Result<(), Stop> {
        if self.is_open {
            self.session.commit().await.map_err(Stop::Uncommitted)?;
            self.is_open = false;
            self.ledger.keep();
        }
        Ok(())
    }
}

fn broken(step: &str, verb: Option<Verb>, undone: bool, error: SourceError) -> Stop {
    Stop::Broken(Broken {
        step: step.to_owned(),
        verb,
        undone,
        error,
    })
}
