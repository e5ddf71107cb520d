//! Actions: what there are, running one, and how a run stands.

use prost_types::Struct;
use serde_json::{Map as JsonMap, Value as Json, json};
use tonic::Code;

use super::Connector;
use super::action_schema;
use super::change::{Begin, Delivery, begin};
use super::failure::{asked, not_provisioning, of_outcome};
use super::message::filled;
use crate::daemon::{Answer, Failure};
use crate::proto::connector::v2 as proto;
use crate::proto::connectorapi::baton::v1::task::{
    ActionGetSchemaTask, ActionInvokeTask, ActionListSchemasTask, ActionStatusTask,
};
use crate::protocol::values;
use crate::provision::{ActionState, ActionStatus, AskError, action_schemas, invoke as prepare};
use proto::BatonActionStatus;

/// All actions. Those of a connector file belong to no resource type.
pub(super) fn list(connector: &Connector, task: &ActionListSchemasTask) -> Result<Answer, Failure> {
    let of = task.resource_type_id.as_str();
    if !of.is_empty() {
        known_type(connector, of)?;
    }
    // What cannot be run is not shown.
    let shown = connector.provisioning && of.is_empty();
    let schemas = shown.then(|| action_schemas(&connector.plan));
    let schemas = schemas.unwrap_or_default();
    let response = proto::ListActionSchemasResponse {
        schemas: schemas.into_iter().map(action_schema::message).collect(),
        annotations: Vec::new(),
    };
    Ok(Answer::with(&response, Vec::new()))
}

/// One action.
pub(super) fn schema(connector: &Connector, task: &ActionGetSchemaTask) -> Result<Answer, Failure> {
    filled("the name of the action", &task.name)?;
    let schemas = action_schemas(&connector.plan);
    let names = schemas.iter().map(|schema| schema.name.as_str());
    let found = schemas.iter().find(|schema| schema.name == task.name);
    let found = found.ok_or_else(|| asked(&AskError::unknown("action", &task.name, names)))?;
    if !connector.provisioning {
        return Err(not_provisioning("an action"));
    }
    let response = proto::GetActionSchemaResponse {
        schema: Some(action_schema::message(found.clone())),
        annotations: Vec::new(),
    };
    Ok(Answer::with(&response, Vec::new()))
}

/// Runs an action, and waits a moment for its end.
pub(super) async fn invoke(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &ActionInvokeTask,
) -> Result<Answer, Failure> {
    filled("the name of the action", &task.name)?;
    if !connector.provisioning {
        return Err(not_provisioning("an action"));
    }
    if !task.resource_type_id.is_empty() {
        known_type(connector, &task.resource_type_id)?;
        return Err(Failure::lasting(
            Code::NotFound,
            format!(
                "the resource type `{}` has no actions: those of this connector belong to no type",
                task.resource_type_id
            ),
        ));
    }
    let arguments = task.args.as_ref().map(values::json).unwrap_or_default();
    let invocation =
        prepare(&connector.plan, &task.name, &arguments).map_err(|error| asked(&error))?;
    let state = match begin(connector, delivery, &invocation.prepared)? {
        Begin::Ended(outcome) => match of_outcome(&outcome) {
            Some(failure) => return Err(failure),
            None => ActionState {
                id: delivery.id.to_owned(),
                name: task.name.clone(),
                status: ActionStatus::Complete,
                response: json!({"success": true, "message": outcome.message}),
            },
        },
        Begin::Now(journal, options) => {
            let actions = &connector.actions;
            let run = actions.invoke(&task.name, arguments, None, Box::new(journal), options);
            run.await.map_err(|error| asked(&error))?
        }
    };
    if state.status == ActionStatus::Failed {
        // What it left behind is not known here: somebody has to look before it is run again.
        let said = state.response.get("error").and_then(Json::as_str);
        let said = said.unwrap_or("action failed");
        return Err(Failure::lasting(Code::Unknown, said));
    }
    let response = proto::InvokeActionResponse {
        status: status_number(state.status),
        response: Some(answered(&state.response)),
        id: state.id,
        name: state.name,
        annotations: Vec::new(),
    };
    Ok(Answer::with(&response, Vec::new()))
}

/// How the run of an action stands.
pub(super) fn status(connector: &Connector, task: &ActionStatusTask) -> Result<Answer, Failure> {
    filled("the id of the run", &task.id)?;
    let state = connector.actions.status(&task.id);
    let state = state.map_err(|error| asked(&error))?;
    let response = proto::GetActionStatusResponse {
        status: status_number(state.status),
        response: Some(answered(&state.response)),
        id: state.id,
        name: state.name,
        annotations: Vec::new(),
    };
    Ok(Answer::with(&response, Vec::new()))
}

fn known_type(connector: &Connector, of: &str) -> Result<(), Failure> {
    let types = connector.plan.types.iter();
    let names = types.map(|found| found.resource_type.id.as_str());
    match names.clone().any(|name: &str| name == of) {
        true => Ok(()),
        false => Err(asked(&AskError::unknown("resource type", of, names))),
    }
}

fn status_number(status: ActionStatus) -> i32 {
    let status = match status {
        ActionStatus::Pending => BatonActionStatus::Pending,
        ActionStatus::Running => BatonActionStatus::Running,
        ActionStatus::Complete => BatonActionStatus::Complete,
        ActionStatus::Failed => BatonActionStatus::Failed,
    };
    status.into()
}

fn answered(response: &Json) -> Struct {
    match response {
        Json::Object(fields) => values::values(fields),
        _ => values::values(&JsonMap::new()),
    }
}
