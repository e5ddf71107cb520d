//! Our values ⇄ the interpreter's.

use std::collections::HashMap;

use ::cel::ExecutionError;
use ::cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelList, CelMap, CelMapKey, CelNull,
    CelOptional, CelString, CelTimestamp, CelUInt,
};
use ::cel::common::value::Val;

use super::{Map, Value, to_text};

impl Value {
    /// The value as CEL sees it, borrowing text and bytes.
    pub(super) fn to_val<'v>(&'v self) -> Box<dyn Val + 'v> {
        match self {
            Value::Null => Box::new(CelNull),
            Value::Bool(value) => Box::new(CelBool::from(*value)),
            Value::Int(value) => Box::new(CelInt::from(*value)),
            Value::UInt(value) => Box::new(CelUInt::from(*value)),
            Value::Float(value) => Box::new(CelDouble::from(*value)),
            Value::Text(value) => Box::new(CelString::from(value.as_str())),
            Value::Bytes(value) => Box::new(CelBytes::from(value.as_slice())),
            Value::Timestamp(value) => Box::new(CelTimestamp::from(*value)),
            Value::Duration(value) => Box::new(CelDuration::from(*value)),
            Value::List(items) => Box::new(CelList::from(
                items.iter().map(Value::to_val).collect::<Vec<_>>(),
            )),
            Value::Map(map) => {
                let entries: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> = map
                    .iter()
                    .map(|(key, value)| (CelMapKey::from(key.as_str()), value.to_val()))
                    .collect();
                Box::new(CelMap::from(entries))
            }
        }
    }
}

/// A value of the interpreter as one of ours.
pub(super) fn from_cel(value: &(dyn Val + '_)) -> Result<Value, ExecutionError> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return Ok(Value::Text(text.inner().to_owned()));
    }
    if let Some(value) = value.downcast_ref::<CelBool>() {
        return Ok(Value::Bool(*value.inner()));
    }
    if let Some(value) = value.downcast_ref::<CelInt>() {
        return Ok(Value::Int(*value.inner()));
    }
    if let Some(value) = value.downcast_ref::<CelUInt>() {
        return Ok(Value::UInt(*value.inner()));
    }
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        return Ok(Value::Float(*value.inner()));
    }
    if value.downcast_ref::<CelNull>().is_some() {
        return Ok(Value::Null);
    }
    if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        return Ok(Value::Bytes(bytes.inner().to_vec()));
    }
    if let Some(at) = value.downcast_ref::<CelTimestamp>() {
        return Ok(Value::Timestamp(*at.inner()));
    }
    if let Some(duration) = value.downcast_ref::<CelDuration>() {
        return Ok(Value::Duration(*duration.inner()));
    }
    if let Some(list) = value.downcast_ref::<CelList>() {
        let items = list.inner().iter().map(|item| from_cel(item.as_ref()));
        return items.collect::<Result<_, _>>().map(Value::List);
    }
    if let Some(map) = value.downcast_ref::<CelMap>() {
        let entries = map
            .inner()
            .iter()
            .map(|(key, value)| Ok((key_text(key), from_cel(value.as_ref())?)));
        // The interpreter's maps have no order; names have.
        let mut map: Map = entries.collect::<Result<_, ExecutionError>>()?;
        map.sort_keys();
        return Ok(Value::Map(map));
    }
    if let Some(optional) = value.downcast_ref::<CelOptional>() {
        return optional.option().map_or(Ok(Value::Null), from_cel);
    }
    Ok(Value::Text(value.get_type().name().to_owned()))
}

fn key_text(key: &CelMapKey<'_>) -> String {
    match from_cel(key.inner()).map(|key| to_text(&key)) {
        Ok(Ok(Some(text))) => text,
        _ => String::new(),
    }
}

/// One of our values as the interpreter's, owning everything.
pub(super) fn to_static_val<'v>(value: Value) -> Box<dyn Val + 'v> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::Int(value) => Box::new(CelInt::from(value)),
        Value::UInt(value) => Box::new(CelUInt::from(value)),
        Value::Float(value) => Box::new(CelDouble::from(value)),
        Value::Text(text) => Box::new(CelString::from(text)),
        Value::Bytes(bytes) => Box::new(CelBytes::from(bytes)),
        Value::Timestamp(at) => Box::new(CelTimestamp::from(at)),
        Value::Duration(duration) => Box::new(CelDuration::from(duration)),
        Value::List(items) => Box::new(CelList::from(
            items.into_iter().map(to_static_val).collect::<Vec<_>>(),
        )),
        Value::Map(map) => {
            let entries: HashMap<CelMapKey<'v>, Box<dyn Val + 'v>> = map
                .into_iter()
                .map(|(key, value)| (CelMapKey::from(key), to_static_val(value)))
                .collect();
            Box::new(CelMap::from(entries))
        }
    }
}
