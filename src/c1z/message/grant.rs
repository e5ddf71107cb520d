//! `Grant` ⇄ its message, which embeds the entitlement's id and resource and the principal's id.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::{DecodeError, Message, Name};
use prost_types::Any;

use super::any::{Annotations, keep_unread, message_name, pack, pack_others, unread_of};
use super::entitlement::embedded_resource;
use super::resource;
use super::resource_type::{trait_kind, trait_number};
use super::scalar::{id_message, resource_id};
use super::wire::{Fields, embed, embed_rest};
use crate::model::{
    Annotation, EntitlementId, ExternalMatch, Grant, GrantExpansion, GrantId, GrantSource,
    Resource, ResourceId, ResourceTypeId,
};
use crate::proto::connector::v2 as proto;

const ENTITLEMENT: u32 = 1;
const PRINCIPAL: u32 = 2;
const ANNOTATIONS: u32 = 4;
const SOURCES: u32 = 5;

/// Encodes a grant.
pub fn encode(grant: &Grant) -> Vec<u8> {
    Encoder::default().encode(grant)
}

/// Encodes grants one after the other. The resource of the last one is kept encoded, because many
/// grants in a row are usually on one resource.
#[derive(Default)]
pub struct Encoder {
    last: Option<(Arc<Resource>, Vec<u8>)>,
}

impl Encoder {
    /// Encodes a grant.
    pub fn encode(&mut self, grant: &Grant) -> Vec<u8> {
        let message = proto::Grant {
            id: grant.id.0.clone(),
            annotations: annotations(grant),
            ..Default::default()
        };
        let principal = proto::Resource {
            id: Some(id_message(&grant.principal)),
            ..Default::default()
        };

        let mut bytes = embed(ENTITLEMENT, &self.entitlement_stub(grant));
        bytes.extend(embed(PRINCIPAL, &principal.encode_to_vec()));
        bytes.extend(message.encode_to_vec());
        bytes.extend(embed_rest(SOURCES, &sources(grant)));
        bytes.extend_from_slice(unread_of(&grant.annotations, &proto::Grant::full_name()));
        bytes
    }

    /// The entitlement as grants embed it: the resource whole, of itself only the id.
    fn entitlement_stub(&mut self, grant: &Grant) -> Vec<u8> {
        let mut bytes = self.resource(&grant.resource).to_vec();
        let id = proto::Entitlement {
            id: grant.entitlement.0.clone(),
            ..Default::default()
        };
        bytes.extend(id.encode_to_vec());
        bytes
    }

    /// The resource as the entitlement embeds it.
    fn resource(&mut self, resource: &Arc<Resource>) -> &[u8] {
        let known = matches!(&self.last, Some((last, _)) if Arc::ptr_eq(last, resource));
        if !known {
            let encoded = embed(1, &resource::encode(resource));
            self.last = Some((resource.clone(), encoded));
        }
        self.last.as_ref().map_or(&[], |(_, encoded)| encoded)
    }
}

fn sources(grant: &Grant) -> Vec<u8> {
    let mut sources: Vec<_> = grant.sources.iter().collect();
    sources.sort_by_key(|(id, _)| *id);
    let sources = sources.into_iter();
    source_map(sources.map(|(id, source)| (id.as_str(), source.is_direct)))
}

/// The map of sources, sorted by id, each entry with its key and its value even when they are
/// empty: that is how other writers lay it out, while prost would leave the empty ones out.
fn source_map<'a>(sources: impl Iterator<Item = (&'a str, bool)>) -> Vec<u8> {
    let entry = |(id, is_direct): (&str, bool)| {
        let value = proto::grant_sources::GrantSource { is_direct };
        embed(
            1,
            &[embed(1, id.as_bytes()), embed(2, &value.encode_to_vec())].concat(),
        )
    };
    sources.flat_map(entry).collect()
}

/// What is asked of encoded grants by the million, without decoding all of each.
pub struct Glance {
    /// The entitlements that the grant says it comes from, with whether each is held directly.
    pub sources: BTreeMap<String, bool>,
    /// Whether the principal only stands for principals of another system.
    pub has_external_match: bool,
}

/// Looks at an encoded grant.
pub fn glance(bytes: &[u8]) -> Result<Glance, DecodeError> {
    let fields = Fields::of(bytes)?;
    let mut glance = Glance {
        sources: BTreeMap::new(),
        has_external_match: false,
    };
    if let Some(sources) = fields.embedded(SOURCES) {
        let sources = proto::GrantSources::decode(sources.as_slice())?.sources;
        let sources = sources.into_iter();
        glance.sources = sources.map(|(id, it)| (id, it.is_direct)).collect();
    }
    for annotation in fields.payloads(ANNOTATIONS) {
        let name = Any::decode(annotation)?.type_url;
        glance.has_external_match |= message_name(&name).starts_with(EXTERNAL_MATCH);
    }
    Ok(glance)
}

/// How the names of all annotations begin that tell which principals of another system are meant.
pub const EXTERNAL_MATCH: &str = "c1.connector.v2.ExternalResourceMatch";

/// An encoded grant with these sources, sorted by id, and all else as it was.
pub fn with_sources(
    bytes: &[u8],
    sources: &BTreeMap<String, bool>,
) -> Result<Vec<u8>, DecodeError> {
    let fields = Fields::of(bytes)?;
    let mut changed = fields.those(|number| number < SOURCES);
    let sources = sources.iter();
    let sources = source_map(sources.map(|(id, is_direct)| (id.as_str(), *is_direct)));
    changed.extend(embed_rest(SOURCES, &sources));
    changed.extend(fields.those(|number| number > SOURCES));
    Ok(changed)
}

fn annotations(grant: &Grant) -> Vec<Any> {
    let kept = &grant.annotations;
    let mut all = Vec::new();
    all.extend(
        grant
            .expansion
            .as_ref()
            .map(|facts| pack(&expansion_message(facts), kept)),
    );
    all.extend(
        grant
            .external_match
            .as_ref()
            .map(|facts| external_match(facts, kept)),
    );
    if grant.immutable {
        all.push(pack(&proto::GrantImmutable::default(), kept));
    }
    all.extend(pack_others(kept));
    all
}

fn external_match(facts: &ExternalMatch, kept: &[Annotation]) -> Any {
    match facts {
        ExternalMatch::Id(id) => pack(&proto::ExternalResourceMatchId { id: id.clone() }, kept),
        ExternalMatch::Attribute { kind, key, value } => {
            let message = proto::ExternalResourceMatch {
                resource_type: trait_number(*kind),
                key: key.clone(),
                value: value.clone(),
            };
            pack(&message, kept)
        }
        ExternalMatch::All(kind) => {
            let message = proto::ExternalResourceMatchAll {
                resource_type: trait_number(*kind),
            };
            pack(&message, kept)
        }
    }
}

/// The match of a grant. One that has several keeps the others as they are.
fn take_external_match(found: &mut Annotations) -> Option<ExternalMatch> {
    let by_id = |facts: proto::ExternalResourceMatchId| Some((facts.id, vec![1]));
    let by_attribute = |facts: proto::ExternalResourceMatch| {
        let found = ExternalMatch::Attribute {
            kind: trait_kind(facts.resource_type),
            key: facts.key,
            value: facts.value,
        };
        Some((found, vec![1, 2, 3]))
    };
    let all = |facts: proto::ExternalResourceMatchAll| {
        Some((ExternalMatch::All(trait_kind(facts.resource_type)), vec![1]))
    };
    found
        .take(by_id)
        .map(ExternalMatch::Id)
        .or_else(|| found.take(by_attribute))
        .or_else(|| found.take(all))
}

/// The value of the `expansion` column: the bare message, or `None` when there is nothing to expand.
pub fn expansion_column(grant: &Grant) -> Option<Vec<u8>> {
    grant
        .expansion
        .as_ref()
        .filter(|facts| facts.entitlement_ids.iter().any(|id| !id.trim().is_empty()))
        .map(|facts| expansion_message(facts).encode_to_vec())
}

fn expansion_message(facts: &GrantExpansion) -> proto::GrantExpandable {
    proto::GrantExpandable {
        entitlement_ids: facts.entitlement_ids.clone(),
        shallow: facts.shallow,
        resource_type_ids: facts
            .resource_type_ids
            .iter()
            .map(|id| id.0.clone())
            .collect(),
    }
}

fn expansion(message: proto::GrantExpandable) -> GrantExpansion {
    GrantExpansion {
        entitlement_ids: message.entitlement_ids,
        shallow: message.shallow,
        resource_type_ids: message
            .resource_type_ids
            .into_iter()
            .map(ResourceTypeId)
            .collect(),
    }
}

/// Decodes what the `expansion` column holds.
pub fn decode_expansion(bytes: &[u8]) -> Result<GrantExpansion, DecodeError> {
    proto::GrantExpandable::decode(bytes).map(expansion)
}

/// Decodes a grant. One whose entitlement or principal lives in the columns only has empty ids.
pub fn decode(bytes: &[u8]) -> Result<Grant, DecodeError> {
    let message = proto::Grant::decode(bytes)?;
    let fields = Fields::of(bytes)?;
    let entitlement = fields.embedded(ENTITLEMENT).unwrap_or_default();
    let entitlement = Fields::of(&entitlement)?;
    let entitlement_id = message.entitlement.map(|stub| stub.id).unwrap_or_default();
    let principal_id = message.principal.and_then(|stub| stub.id);

    let mut found = Annotations::of(message.annotations);
    let expansion = found.take(|facts| Some((expansion(facts), vec![1, 2, 3])));
    let external_match = take_external_match(&mut found);
    let immutable = found
        .take(|_: proto::GrantImmutable| Some(((), Vec::new())))
        .is_some();
    let mut grant = Grant {
        id: GrantId(message.id),
        entitlement: EntitlementId(entitlement_id),
        resource: Arc::new(embedded_resource(&entitlement, 1)?),
        principal: principal_id.map_or_else(|| ResourceId::new("", ""), resource_id),
        expansion,
        external_match,
        immutable,
        sources: message
            .sources
            .map(|sources| sources.sources)
            .unwrap_or_default()
            .into_iter()
            .map(|(id, source)| {
                (
                    id,
                    GrantSource {
                        is_direct: source.is_direct,
                    },
                )
            })
            .collect(),
        annotations: found.rest(),
    };

    let mut unread = Vec::new();
    unread.extend(embed_rest(ENTITLEMENT, &entitlement.unread(&[1, 2])));
    unread.extend(embed_rest(PRINCIPAL, &principal_rest(&fields)?));
    unread.extend(fields.unread(&[ENTITLEMENT, PRINCIPAL, 3, ANNOTATIONS, SOURCES]));
    keep_unread(&mut grant.annotations, &proto::Grant::full_name(), unread);
    Ok(grant)
}

/// What a file says of the principal beyond its id: some writers embed the whole resource.
fn principal_rest(fields: &Fields) -> Result<Vec<u8>, DecodeError> {
    let principal = fields.embedded(PRINCIPAL).unwrap_or_default();
    let principal = Fields::of(&principal)?;
    let mut rest = embed_rest(1, &resource::id_rest(&principal, 1)?);
    rest.extend(principal.unread(&[1]));
    Ok(rest)
}
