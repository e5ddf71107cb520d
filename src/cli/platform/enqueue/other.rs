//! `enqueue` of actions, events, and anything else that the protocol knows.

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use clap::Args;

use crate::cli::change::{SaidArgs, Stop};
use crate::cli::events::moment;
use crate::feed::LARGEST_PAGE;
use crate::proto::connectorapi::baton::v1::Task;
use crate::proto::connectorapi::baton::v1::task::{
    ActionGetSchemaTask, ActionInvokeTask, ActionListSchemasTask, ActionStatusTask, ListEventsTask,
    TaskType,
};
use crate::protocol;
use crate::protocol::values;

/// Whose actions.
#[derive(Debug, Args)]
pub(super) struct ListActionsArgs {
    /// Those of this resource type only.
    #[arg(long = "type", value_name = "TYPE")]
    of: Option<String>,
}

/// Which action.
#[derive(Debug, Args)]
pub(super) struct GetActionArgs {
    /// The action.
    name: String,
}

/// Which action, with what.
#[derive(Debug, Args)]
pub(super) struct InvokeArgs {
    /// The action.
    name: String,
    /// The resource type that it belongs to, where it is not the connector's own.
    #[arg(long = "type", value_name = "TYPE")]
    of: Option<String>,
    #[command(flatten)]
    said: SaidArgs,
}

/// Which run of an action.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The id that `invoke-action` answered.
    id: String,
    /// The action.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Which events.
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// The feed.
    #[arg(long, value_name = "ID", default_value = crate::feed::FEED_ID)]
    feed: String,
    /// Those since this moment, in RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "cursor")]
    since: Option<DateTime<Utc>>,
    /// Those after the page that answered this cursor.
    #[arg(long, value_name = "TEXT")]
    cursor: Option<String>,
    /// The most events of a page.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=LARGEST_PAGE as i64))]
    page_size: u32,
}

/// A task as it is.
#[derive(Debug, Args)]
pub(super) struct JsonArgs {
    /// The message `Task` as JSON, for example `{"list_ticket_schemas": {}}`; `@FILE` reads it.
    task: String,
}

impl ListActionsArgs {
    pub fn task(&self) -> TaskType {
        TaskType::ActionListSchemas(ActionListSchemasTask {
            annotations: Vec::new(),
            resource_type_id: self.of.clone().unwrap_or_default(),
        })
    }
}

impl GetActionArgs {
    pub fn task(&self) -> TaskType {
        TaskType::ActionGetSchema(ActionGetSchemaTask {
            name: self.name.clone(),
            annotations: Vec::new(),
        })
    }
}

impl InvokeArgs {
    pub fn task(&self) -> Result<TaskType, Stop> {
        Ok(TaskType::ActionInvoke(ActionInvokeTask {
            name: self.name.clone(),
            args: Some(values::values(&self.said.read().map_err(Stop::Wrong)?)),
            annotations: Vec::new(),
            resource_type_id: self.of.clone().unwrap_or_default(),
        }))
    }
}

impl StatusArgs {
    pub fn task(&self) -> TaskType {
        TaskType::ActionStatus(ActionStatusTask {
            name: self.name.clone().unwrap_or_default(),
            id: self.id.clone(),
            annotations: Vec::new(),
        })
    }
}

impl EventsArgs {
    pub fn task(&self) -> TaskType {
        let since = self.since.map(|at| prost_types::Timestamp {
            seconds: at.timestamp(),
            nanos: at.timestamp_subsec_nanos() as i32,
        });
        TaskType::ListEvents(ListEventsTask {
            annotations: Vec::new(),
            cursor: self.cursor.clone().unwrap_or_default(),
            start_at: since,
            event_feed_id: self.feed.clone(),
            page_size: self.page_size,
        })
    }
}

impl JsonArgs {
    pub fn task(&self) -> Result<Task, Stop> {
        let text = match self.task.strip_prefix('@') {
            None => Ok(self.task.clone()),
            Some(file) => {
                std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))
            }
        };
        let text = text.map_err(Stop::Wrong)?;
        let wrong = |reason| Stop::Wrong(anyhow!("the task cannot be read: {reason}"));
        let json = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        protocol::json::read(&json).map_err(wrong)
    }
}
