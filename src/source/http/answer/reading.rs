//! An answer that is coming in → its items, in chunks, and what is left of it.

use std::cell::RefCell;
use std::io::Read;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::Value as Json;
use tokio::sync::mpsc;
use url::Url;

use super::body::{Body, Coming, Limited};
use super::decoder::{DecodeBody, DecodeError};
use super::item_sink::{Harvest, ItemSink, Progress, fingerprint};
use super::items::ItemsRule;
use super::received::{Answer, Incoming, unreadable};
use super::unpack::{Packing, each_file, gunzip};
use crate::expr::Value;
use crate::source::http::wire::conditions::Conditions;
use crate::source::http::wire::exchange::Wire;
use crate::source::{PartialReason, SourceError};

/// Chunks of a body that wait to be decoded, and chunks of items that wait to be taken.
const WAITING: usize = 2;

/// How much of a body is kept to tell what came in place of it.
const SHOWN: usize = 4096;

/// Reads the answers of one listing.
#[derive(Debug)]
pub(in crate::source::http) struct Reader {
    pub decoder: Box<dyn DecodeBody>,
    pub items: ItemsRule,
    pub conditions: Conditions,
    /// Whether somebody needs an answer as a whole.
    pub whole: bool,
}

/// What an answer came to.
#[derive(Debug)]
pub(in crate::source::http) struct ReadAnswer {
    /// What is left of it.
    pub answer: Answer,
    /// The items that were not handed on.
    pub items: Vec<Value>,
    /// How many there were in all.
    pub count: usize,
    /// A number that differs when the items do, where it is known already.
    fingerprint: Option<u64>,
    /// Why there may be more.
    pub reasons: Vec<PartialReason>,
}

impl ReadAnswer {
    /// A number that differs when the items do. Reads every item that was not handed on, so few
    /// strategies ask for it.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint.unwrap_or_else(|| fingerprint(&self.items))
    }
}

/// Takes items while their answer comes in.
#[async_trait]
pub(in crate::source::http) trait TakeItems: Send {
    /// Takes some; false when no more are wanted.
    async fn take(&mut self, items: Vec<Value>) -> Result<bool, SourceError>;
}

/// What came of decoding, on the thread that may block.
struct Decoded {
    rest: Result<Json, DecodeError>,
    harvest: Harvest,
    /// Why reading was given up, where it was by us.
    failure: Option<SourceError>,
    read: u64,
}

impl Reader {
    /// Reads an answer. Items of a large one go to `to` while it comes; `None` when that wants no
    /// more of them.
    pub async fn read(
        self: &Arc<Self>,
        mut incoming: Incoming,
        wire: &Wire<'_>,
        to: &mut dyn TakeItems,
    ) -> Result<Option<ReadAnswer>, SourceError> {
        let start = std::mem::take(&mut incoming.start);
        let shown = start[..start.len().min(SHOWN)].to_vec();
        let decoded = match incoming.more.take() {
            None if incoming.status == StatusCode::NO_CONTENT => Decoded {
                rest: Ok(Json::Null),
                harvest: Harvest::default(),
                failure: None,
                read: 0,
            },
            None => self.decode(start, None, None, &incoming.url),
            Some(response) => {
                let (reader, url) = (self.clone(), incoming.url.clone());
                let (bytes, coming) = mpsc::channel(WAITING);
                let (chunks, mut items) = mpsc::channel(WAITING);
                let decoding = tokio::task::spawn_blocking(move || {
                    let mut hand_on = |items| chunks.blocking_send(items).is_ok();
                    let hand_on: Option<&mut dyn FnMut(Vec<Value>) -> bool> = match reader.whole {
                        true => None,
                        false => Some(&mut hand_on),
                    };
                    reader.decode(start, Some(coming), hand_on, &url)
                });
                let taking = async move {
                    while let Some(chunk) = items.recv().await {
                        if !to.take(chunk).await? {
                            return Ok(false);
                        }
                    }
                    Ok::<_, SourceError>(true)
                };
                let (fed, taken, decoded) =
                    tokio::join!(wire.feed(response, bytes), taking, decoding);
                if !taken? {
                    return Ok(None);
                }
                fed?;
                match decoded {
                    Ok(decoded) => decoded,
                    Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
                }
            }
        };
        self.finish(incoming, decoded, &shown, wire).map(Some)
    }

    /// Decodes a body. `coming`: where more of it comes from. `hand_on`: where items go meanwhile.
    fn decode(
        &self,
        start: Vec<u8>,
        coming: Option<mpsc::Receiver<Vec<u8>>>,
        hand_on: Option<&mut dyn FnMut(Vec<Value>) -> bool>,
        url: &Url,
    ) -> Decoded {
        let progress = Progress::default();
        let failure = RefCell::new(None);
        let held = hand_on.is_none();
        let mut sink = match hand_on {
            Some(hand_on) => ItemSink::handing_on(&progress, hand_on),
            None => ItemSink::keeping(),
        };
        let packing = Packing::of(&start);
        let length = start.len() as u64;
        let rest = match (packing, coming) {
            (Packing::None, None) => {
                progress.read.set(length);
                self.decoder
                    .read(Body::Held(&start), &self.items, &mut sink)
            }
            (packing, coming) => {
                let raw: Box<dyn Read> = match coming {
                    Some(coming) => Box::new(Coming::new(start, coming)),
                    None => Box::new(std::io::Cursor::new(start)),
                };
                let mut read = |reader: Box<dyn Read + '_>| {
                    let limited = Limited {
                        reader,
                        progress: &progress,
                        url,
                        held,
                        failure: &failure,
                    };
                    let body = Body::Coming(Box::new(limited));
                    self.decoder.read(body, &self.items, &mut sink)
                };
                match packing {
                    Packing::None => read(raw),
                    Packing::Gzip => read(gunzip(raw)),
                    Packing::Zip => {
                        let mut last = Json::Null;
                        each_file(raw, &mut |file| {
                            last = read(file)?;
                            Ok(())
                        })
                        .map(|()| last)
                    }
                }
            }
        };
        Decoded {
            rest,
            harvest: sink.harvest(),
            read: progress.read.get(),
            failure: failure.take(),
        }
    }

    fn finish(
        &self,
        incoming: Incoming,
        decoded: Decoded,
        shown: &[u8],
        wire: &Wire<'_>,
    ) -> Result<ReadAnswer, SourceError> {
        if let Some(failure) = decoded.failure {
            return Err(failure);
        }
        let rest = decoded.rest.map_err(|error| {
            let format = self.decoder.format();
            unreadable(
                &incoming,
                format,
                shown,
                decoded.read,
                &error,
                wire.redactor,
            )
        })?;
        let mut answer = incoming.with_body(rest);
        let Harvest {
            mut items,
            mut count,
            mut fingerprint,
            begun,
        } = decoded.harvest;
        let found = match begun {
            true => Ok(None),
            false => self.items.find(&answer).map(Some),
        };
        let key = self.items.shape.key.as_deref();
        let found = found.map(|found| found.map(|found| found.take(&mut answer.body, key)));
        // An answer that failed has no items: what it says comes before what it lacks.
        let mut reasons = Vec::from_iter(self.conditions.judge(&answer, wire.redactor)?);
        let found = match found {
            Err(SourceError::ItemsMissing { .. }) if !reasons.is_empty() => None,
            found => found?,
        };
        if let Some((found, reason)) = found {
            items = found.into_iter().map(Value::from).collect();
            (count, fingerprint) = (items.len(), None);
            reasons.extend(reason);
        }
        Ok(ReadAnswer {
            answer,
            items,
            count,
            fingerprint,
            reasons,
        })
    }
}
