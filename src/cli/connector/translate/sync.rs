//! A sync.

use super::super::flags::{Engine, Flags, LogFlags};
use super::super::refusal::Refusal;
use super::Surroundings;
use super::words::Words;

/// The most listings side by side that a sync takes.
const MOST_SIDE_BY_SIDE: i64 = 256;

/// Where collectors take what this program does not send.
const GRPC: u16 = 4317;

/// Says a sync.
pub(super) fn say(
    flags: &Flags,
    around: &Surroundings<'_>,
    file: &str,
    connector: String,
    words: &mut Words,
    notes: &mut Vec<String>,
) -> Result<(), Refusal> {
    let sync = &flags.sync;
    words.word("sync").value("--file", file);
    words.each("--resource-types", &sync.sync_resource_types);
    for bid in &sync.sync_resources {
        words.value("--resource", &resource(bid)?);
    }
    words.word_if(sync.skip_entitlements_and_grants, "--skip-entitlements");
    words.word_if(
        sync.skip_entitlements_and_grants || sync.skip_grants,
        "--skip-grants",
    );
    let external = sync.external_resource_c1z.as_ref();
    let external = external.map(|file| file.display().to_string());
    words.given("--external", external.as_deref());
    let entitlement = sync.external_resource_entitlement_id_filter.as_deref();
    words.given("--external-entitlement", entitlement);
    let traits = sync.external_resource_traits.iter();
    let traits: Vec<_> = traits.map(|it| spelt(it)).collect();
    words.each("--external-traits", &traits);
    side_by_side(flags, words);
    keep(flags, around, words)?;
    if let Some(note) = of_engine(flags) {
        notes.push(note);
    }
    traces(&flags.logs, words, notes);
    words.rest([connector]);
    Ok(())
}

/// Traits in the spelling of this program: `user` for `USER` and `TRAIT_USER`.
fn spelt(of: &str) -> String {
    let lower = of.to_ascii_lowercase();
    lower.strip_prefix("trait_").unwrap_or(&lower).to_owned()
}

/// Says how many listings run side by side. One after the other is what those connectors do unless
/// told otherwise; here that is said by 1, since what is found does not depend on it.
pub(super) fn side_by_side(flags: &Flags, words: &mut Words) {
    let workers = flags.sync.workers;
    if workers > 0 {
        let workers = workers.min(MOST_SIDE_BY_SIDE);
        words.value("--concurrency", &workers.to_string());
    }
}

/// Says how many syncs stay in the file. A file of a Pebble store holds one.
fn keep(flags: &Flags, around: &Surroundings<'_>, words: &mut Words) -> Result<(), Refusal> {
    let set = |name| {
        around
            .environment
            .get(name)
            .filter(|text: &String| !text.is_empty())
    };
    let all = set("BATON_SKIP_CLEANUP").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let kept = match (all, set("BATON_KEEP_SYNC_COUNT")) {
        (true, _) => u32::MAX,
        (false, Some(text)) => text.parse().ok().filter(|kept| *kept > 0).ok_or_else(|| {
            Refusal::wrong(format!(
                "`{text}` is no number of syncs to keep (from `BATON_KEEP_SYNC_COUNT`)"
            ))
        })?,
        (false, None) if flags.sync.storage_engine == Some(Engine::Sqlite) => 2,
        (false, None) => return Ok(()),
    };
    words.value("--keep", &kept.to_string());
    Ok(())
}

/// What is to be said about the form of the sync file.
pub(super) fn of_engine(flags: &Flags) -> Option<String> {
    (flags.sync.storage_engine == Some(Engine::Pebble)).then(|| {
        "`--storage-engine pebble` has no effect: sync files are SQLite, which all readers open"
            .to_owned()
    })
}

fn traces(flags: &LogFlags, words: &mut Words, notes: &mut Vec<String>) {
    let Some(written) = flags.otel_collector_endpoint.as_deref() else {
        return;
    };
    if written.is_empty() || flags.otel_tracing_disabled {
        return;
    }
    let url = match written.contains("://") {
        true => written.to_owned(),
        false if flags.otel_collector_endpoint_tls_insecure => format!("http://{written}"),
        false => format!("https://{written}"),
    };
    match url::Url::parse(&url) {
        Ok(parsed) if parsed.port() == Some(GRPC) => notes.push(format!(
            "no traces are sent: `--otel-collector-endpoint {written}` is where collectors take gRPC, and traces go by HTTP, usually to port 4318"
        )),
        _ => {
            words.value("--otlp-endpoint", &url);
        }
    }
}

/// `type/id` of `bid:r:type/id`, or of the form with a parent, which is no part of the identity.
fn resource(bid: &str) -> Result<String, Refusal> {
    let refused = || Refusal::wrong(format!("`{bid}` names no resource: write `bid:r:type/id`"));
    let text = bid.strip_prefix("bid:r:").ok_or_else(refused)?;
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => parts
                .last_mut()
                .ok_or_else(refused)?
                .push(letters.next().ok_or_else(refused)?),
            '/' => parts.push(String::new()),
            other => parts.last_mut().ok_or_else(refused)?.push(other),
        }
    }
    match parts.as_slice() {
        [of, id] | [_, _, of, id] if !of.is_empty() && !id.is_empty() => Ok(format!("{of}/{id}")),
        _ => Err(refused()),
    }
}
