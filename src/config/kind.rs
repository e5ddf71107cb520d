//! Blocks, families and kinds: the parts of the language that a tag such as `type:` selects.
//!
//! A kind is one file: it declares its fields with [`section!`](crate::config::section), says what
//! they compile to, and registers itself with `inventory`. Reading, the JSON Schema, `validate`
//! and `rolecall kinds` all work from that registry.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::compile::CompileContext;
use super::decode::{Decode, DecodeFields, Decoder, Reserved};
use super::section::tidy;
use super::tree::{Key, Node, NodeValue};
use crate::diagnostic::{Diagnostic, Severity, Span, list, nearest, related};

/// A family of kinds: everything one tag chooses between.
pub trait Family: Sized + Send + Sync + 'static {
    /// What the family is called, for example `auth kind`.
    const NAME: &'static str;
    /// The key whose value selects the kind, for example `type`.
    const TAG: &'static str;
    /// The kind that is meant when the tag is not written, when there is one.
    const DEFAULT: Option<&'static str> = None;
    /// How bad an unknown field is.
    const UNKNOWN_FIELD: Severity = Severity::Error;
    /// Whether a kind's fields may also be nested under its name, as current documents write them:
    /// `{type: api_key, api_key: {key: …}}` and `{type: api_key, key: …}` mean the same.
    const NESTS: bool = false;
    /// Whether the name of a kind alone may stand for a block without fields: `decoder: csv`.
    const SHORT: bool = false;
    /// What a block of the family becomes when the plan is compiled.
    type Compiled: ?Sized;

    /// Every registered kind, by name.
    fn kinds() -> Vec<&'static Kind<Self>>;
}

/// The config of one kind: its fields, and how they become something that runs.
pub trait KindConfig<F: Family>: Any + std::fmt::Debug + Send + Sync {
    /// Compiles the block; notes diagnostics and returns `None` when it cannot.
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<F::Compiled>>;
}

/// A registered kind.
pub struct Kind<F: Family> {
    /// The value of the tag.
    pub name: &'static str,
    decode: DecodeKind<F>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

type DecodeKind<F> =
    fn(&mut super::decode::Fields<'_>, &mut Decoder) -> Option<Arc<dyn KindConfig<F>>>;

impl<F: Family> Kind<F> {
    /// A kind whose config is `C`.
    pub const fn of<C>(name: &'static str) -> Self
    where
        C: KindConfig<F> + DecodeFields + JsonSchema,
    {
        Self {
            name,
            decode: |fields, decoder| {
                C::decode_fields(fields, decoder)
                    .map(|config| Arc::new(config) as Arc<dyn KindConfig<F>>)
            },
            schema: |generator| C::json_schema(generator),
        }
    }

    /// The kind's own fields as JSON Schema, with their documentation.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

/// A block of the file whose kind a tag selects, decoded by that kind.
pub struct Block<F: Family> {
    /// The kind that was selected.
    pub kind: &'static str,
    /// Where the block stands.
    pub span: Span,
    config: Arc<dyn KindConfig<F>>,
    family: PhantomData<F>,
}

impl<F: Family> Block<F> {
    /// Compiles the block with its kind.
    pub fn compile(&self, cx: &mut CompileContext) -> Option<Box<F::Compiled>> {
        let around = std::mem::replace(&mut cx.block, self.span);
        let compiled = self.config.compile(cx);
        cx.block = around;
        compiled
    }
}

impl<F: Family> Clone for Block<F> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            span: self.span,
            config: self.config.clone(),
            family: PhantomData,
        }
    }
}

impl<F: Family> std::fmt::Debug for Block<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({}: {:?})", self.kind, self.config)
    }
}

impl<F: Family> Decode for Block<F> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let named = match &node.value {
            NodeValue::Scalar { .. } if F::SHORT => Some(short(F::TAG, node)),
            _ => None,
        };
        let node = named.as_ref().unwrap_or(node);
        let mut fields = decoder.fields(node)?;
        let names: Vec<&str> = F::kinds().iter().map(|kind| kind.name).collect();
        let (written, tag_span) = match (fields.raw(&[F::TAG]), F::DEFAULT) {
            (
                Some((
                    _,
                    Node {
                        value: NodeValue::Scalar { text, .. },
                        span,
                    },
                )),
                _,
            ) => (text.as_str(), *span),
            (Some((_, other)), _) => return decoder.wrong_type(other, "text"),
            (None, Some(default)) => (default, node.span),
            (None, None) => {
                let message = format!("`{}` needs `{}`", decoder.path(), F::TAG);
                let at = decoder.at(node.span);
                let help = format!("write one of {}", list(&names));
                decoder
                    .diagnostics
                    .push(Diagnostic::error("missing-field", at, message).help(help));
                return None;
            }
        };
        let named = |name: &str| F::kinds().into_iter().find(|kind| kind.name == name);
        let kind = named(written).or_else(|| {
            let at = decoder.at(tag_span);
            let meant = nearest(written, names.iter().copied());
            let (help, fix) = match meant {
                Some(name) => {
                    let tag = node.get(F::TAG);
                    let fix = tag.and_then(|tag| decoder.rewrite(tag, name));
                    (format!("did you mean `{name}`?"), fix)
                }
                None => match related(written, names.iter().copied()) {
                    Some(name) => (format!("did you mean `{name}`?"), None),
                    None => (format!("write one of {}", list(&names)), None),
                },
            };
            let message = format!("there is no {} `{written}`", F::NAME);
            let diagnostic = Diagnostic::error("unknown-kind", at, message).help(help);
            decoder.diagnostics.push(diagnostic.fix_if(fix));
            // The rest of the block is checked as if the name were written so.
            meant.and_then(named)
        })?;
        if F::NESTS
            && let Some((
                _,
                Node {
                    value: NodeValue::Map(nested),
                    ..
                },
            )) = node
                .as_map()
                .and_then(|entries| entries.iter().find(|(key, _)| key.text == kind.name))
        {
            fields.raw(std::slice::from_ref(&kind.name));
            fields.extend(nested);
        }
        let config = (kind.decode)(&mut fields, decoder);
        fields.finish_as(
            decoder,
            F::UNKNOWN_FIELD,
            &format!("{} `{}`", F::NAME, kind.name),
        );
        Some(Self {
            kind: kind.name,
            span: node.span,
            config: config?,
            family: PhantomData,
        })
    }
}

/// The block that the name of a kind alone stands for.
fn short(tag: &str, name: &Node) -> Node {
    let key = Key {
        text: tag.to_owned(),
        span: name.span,
    };
    Node {
        value: NodeValue::Map(vec![(key, name.clone())]),
        span: name.span,
    }
}

impl<F: Family> JsonSchema for Block<F> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        let family = std::any::type_name::<F>();
        let family = family.rsplit("::").next().unwrap_or(family);
        family.replace("Family", "Block").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names = F::SHORT.then(|| {
            let names: Vec<_> = F::kinds().into_iter().map(|kind| kind.name).collect();
            json_schema!({ "enum": names })
        });
        let kinds: Vec<Schema> = F::kinds()
            .into_iter()
            .map(|kind| {
                let mut schema = kind.schema(generator);
                let own = schema
                    .get("properties")
                    .cloned()
                    .unwrap_or_else(|| serde_json::json!({}));
                let required = schema.remove("required");
                let nests = F::NESTS
                    && own
                        .as_object()
                        .is_some_and(|own| !own.is_empty() && !own.contains_key(kind.name));
                if let Some(properties) =
                    schema.get_mut("properties").and_then(|p| p.as_object_mut())
                {
                    let mut all = serde_json::Map::new();
                    all.insert(
                        F::TAG.into(),
                        serde_json::json!({
                            "const": kind.name,
                            "description": format!("Selects the {} `{}`.", F::NAME, kind.name),
                        }),
                    );
                    all.append(properties);
                    if nests {
                        all.insert(
                            kind.name.into(),
                            serde_json::json!({
                                "type": "object",
                                "description": format!("The fields of `{}`, nested.", kind.name),
                                "properties": own,
                                "additionalProperties": false,
                            }),
                        );
                    }
                    *properties = all;
                }
                // Nested and flat forms mix, so what is required is only known to the reader.
                let mut required: Vec<serde_json::Value> = match required {
                    Some(serde_json::Value::Array(fields)) if !nests => fields,
                    _ => Vec::new(),
                };
                if F::DEFAULT != Some(kind.name) {
                    required.push(F::TAG.into());
                }
                schema.insert("required".into(), required.into());
                schema
            })
            .chain(names)
            .collect();
        json_schema!({ "oneOf": kinds })
    }
}

/// A kind as `rolecall kinds` and the documentation show it.
#[derive(Debug, serde::Serialize)]
pub struct KindView {
    /// The family, for example `auth kind`.
    pub family: &'static str,
    /// The key that selects it.
    pub tag: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: String,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// A field of a kind.
#[derive(Debug, serde::Serialize)]
pub struct FieldView {
    /// The name it is written under.
    pub name: String,
    /// Whether leaving it out is an error.
    pub required: bool,
    /// What it does.
    pub description: String,
}

/// Every kind of a family, for people.
pub fn views<F: Family>() -> Vec<KindView> {
    let mut generator = SchemaGenerator::default();
    F::kinds()
        .into_iter()
        .map(|kind| {
            let schema = kind.schema(&mut generator);
            let required = |name: &str| {
                schema
                    .get("required")
                    .and_then(|required| required.as_array())
                    .is_some_and(|required| required.iter().any(|field| field == name))
            };
            let text = |value: &serde_json::Value| {
                value
                    .get("description")
                    .and_then(|d| d.as_str())
                    .map(tidy)
                    .unwrap_or_default()
            };
            let fields = schema
                .get("properties")
                .and_then(|properties| properties.as_object())
                .into_iter()
                .flatten()
                .filter(|(_, field)| field.get("deprecated").is_none())
                .map(|(name, field)| FieldView {
                    name: name.clone(),
                    required: required(name),
                    description: text(field),
                })
                .collect();
            KindView {
                family: F::NAME,
                tag: F::TAG,
                name: kind.name,
                description: text(schema.as_value()),
                fields,
            }
        })
        .collect()
}

/// Registers the kinds of a family: declares where `inventory` collects them.
#[macro_export]
macro_rules! family {
    ($family:ty) => {
        inventory::collect!($crate::config::kind::Kind<$family>);
    };
}

/// The kinds of a family that `inventory` collected, sorted by name.
pub fn registered<F: Family>() -> Vec<&'static Kind<F>>
where
    Kind<F>: inventory::Collect,
{
    let mut kinds: Vec<_> = inventory::iter::<Kind<F>>.into_iter().collect();
    kinds.sort_by_key(|kind| kind.name);
    kinds
}

/// Keys that every section may hold and that this version only keeps: see [`Reserved`].
pub type Later = Option<Reserved>;
