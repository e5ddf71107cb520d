//! Changes → lines for people, JSON or CSV for programs, as they come.

use serde_json::{Value, json};

use super::change::{Change, Happened, What};
use super::fields::ChangedField;
use crate::c1z::diff::Facts;
use crate::c1z::{C1z, Sync};
use crate::cli::inspect::render::{CsvRows, Format, JsonList, Screen, name};
use crate::cli::inspect::view::{GrantView, ResourceRefView, SyncView};
use crate::cli::terminal::printable;

/// How many changes of each sort there were, in the order in which they are told.
type Counts = [(Facts, [u64; 3]); 4];

pub(super) struct Printer<'s, 'a> {
    form: Form<'s, 'a>,
    counts: Counts,
}

enum Form<'s, 'a> {
    Text(&'s mut Screen<'a>, Option<Facts>),
    Json(JsonList<'s, 'a>),
    Csv(CsvRows<'s>),
}

const NAMES: [&str; 13] = [
    "change",
    "what",
    "id",
    "display_name",
    "resource_type",
    "resource_id",
    "entitlement_id",
    "principal_type",
    "principal_id",
    "principal_display_name",
    "field",
    "before",
    "after",
];

impl<'s, 'a> Printer<'s, 'a> {
    /// Tells what is compared, and what must be known before it is believed.
    pub fn begin(
        screen: &'s mut Screen<'a>,
        from: (&C1z, &Sync),
        to: (&C1z, &Sync),
        warnings: &[String],
    ) -> anyhow::Result<Self> {
        let form = match screen.format {
            Format::Json => {
                let side = |(file, sync): (&C1z, &Sync)| {
                    json!({ "file": file.path().display().to_string(),
                            "sync": SyncView::from(sync.run()) })
                };
                let head = [
                    ("from", side(from)),
                    ("to", side(to)),
                    ("warnings", json!(warnings)),
                ];
                Form::Json(screen.begin_json_list(&head, "changes")?)
            }
            Format::Csv => {
                let mut csv = screen.begin_csv(&NAMES)?;
                for warning in warnings {
                    let mut row = vec![String::new(); NAMES.len()];
                    row[0] = "warning".into();
                    row[NAMES.len() - 1].clone_from(warning);
                    csv.row(row)?;
                }
                Form::Csv(csv)
            }
            Format::Table => {
                for (word, (file, sync)) in [("from", from), ("to", to)] {
                    let path = file.path().display().to_string();
                    screen.line(&format!(
                        "{word} {}, {}",
                        printable(&path),
                        name(sync.run())
                    ))?;
                }
                for warning in warnings {
                    screen.line(&format!("WARNING: {}", printable(warning)))?;
                }
                Form::Text(screen, None)
            }
        };
        let none = |facts| (facts, [0; 3]);
        let counts = [
            Facts::ResourceTypes,
            Facts::Resources,
            Facts::Entitlements,
            Facts::Grants,
        ]
        .map(none);
        Ok(Self { form, counts })
    }

    pub fn tell(&mut self, change: &Change) -> anyhow::Result<()> {
        let facts = change.what.facts();
        for (counted, counts) in &mut self.counts {
            if *counted == facts {
                counts[change.change as usize] += 1;
            }
        }
        match &mut self.form {
            Form::Json(list) => list.row(change),
            Form::Csv(csv) => rows(change).try_for_each(|row| csv.row(row)),
            Form::Text(screen, last) => {
                if *last != Some(facts) {
                    *last = Some(facts);
                    let title = plural(facts);
                    screen.line(&format!("\n{}{}", title[..1].to_uppercase(), &title[1..]))?;
                }
                lines(change).try_for_each(|line| screen.line(&line))
            }
        }
    }

    /// Tells how much differs; true when anything does.
    pub fn end(self) -> anyhow::Result<bool> {
        let differs = self
            .counts
            .iter()
            .any(|(_, counts)| counts.iter().any(|it| *it > 0));
        match self.form {
            Form::Csv(csv) => csv.end()?,
            Form::Json(list) => {
                let counts = self
                    .counts
                    .iter()
                    .map(|(facts, [added, removed, changed])| {
                        let counts =
                            json!({ "added": added, "removed": removed, "changed": changed });
                        (plural(*facts).replace(' ', "_"), counts)
                    });
                list.end(&[("counts", Value::Object(counts.collect()))])?;
            }
            Form::Text(screen, _) => {
                screen.line("")?;
                if !differs {
                    screen.line("no differences")?;
                }
                for (facts, counts) in self.counts {
                    if counts.iter().any(|count| *count > 0) {
                        let [added, removed, changed] = counts;
                        let [gained, lost] = match facts {
                            Facts::Grants => ["gained", "lost"],
                            _ => ["added", "removed"],
                        };
                        let what = plural(facts);
                        screen.line(&format!(
                            "{what}: {added} {gained}, {removed} {lost}, {changed} changed"
                        ))?;
                    }
                }
            }
        }
        Ok(differs)
    }
}

fn plural(facts: Facts) -> &'static str {
    match facts {
        Facts::ResourceTypes => "resource types",
        Facts::Resources => "resources",
        Facts::Entitlements => "entitlements",
        Facts::Grants => "grants",
    }
}

/// One line for what was added or removed; one more per field for what was changed.
fn lines(change: &Change) -> impl Iterator<Item = String> + '_ {
    let sign = match change.change {
        Happened::Added => '+',
        Happened::Removed => '-',
        Happened::Changed => '~',
    };
    let first = format!("  {sign} {}", printable(&sentence(change)));
    let fields = change.fields.iter().map(|it| {
        let ChangedField {
            field,
            before,
            after,
        } = it;
        let line = format!("{field}: {} → {}", shown(before), shown(after));
        format!("      {}", printable(&line))
    });
    std::iter::once(first).chain(fields)
}

fn sentence(change: &Change) -> String {
    match &change.what {
        What::ResourceType(view) => {
            let text = |key: &str| view[key].as_str().unwrap_or_default();
            format!("{} ({})", text("display_name"), text("id"))
        }
        What::Resource(view) => {
            format!("{} ({}:{})", view.display_name, view.resource_type, view.id)
        }
        What::Entitlement(view) => {
            let on = called(&view.resource);
            format!("{} on {on} ({})", view.display_name, view.id)
        }
        What::Grant(view) => {
            let verb = match change.change {
                Happened::Added => "gained",
                Happened::Removed => "lost",
                Happened::Changed => "holds",
            };
            let on = view.entitlement.resource.as_ref().map(called);
            format!(
                "{} {verb} {} on {}{}",
                called(&view.principal),
                view.entitlement.permission(),
                on.unwrap_or_default(),
                through(view)
            )
        }
    }
}

/// By which other entitlements somebody holds one.
fn through(view: &GrantView) -> String {
    let others = view.sources.iter().map(|source| &source.entitlement.id);
    let others: Vec<_> = others
        .filter(|id| **id != view.entitlement.id)
        .map(String::as_str)
        .collect();
    match others.is_empty() {
        true => String::new(),
        false => format!(", through {}", others.join(", ")),
    }
}

fn called(resource: &ResourceRefView) -> String {
    format!(
        "{} ({}:{})",
        resource.name(),
        resource.resource_type,
        resource.id
    )
}

/// A value as a line shows it: text without quotes, nothing as a dash.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One row for what was added or removed, one per field for what was changed.
fn rows(change: &Change) -> impl Iterator<Item = Vec<String>> + '_ {
    let word = match change.change {
        Happened::Added => "added",
        Happened::Removed => "removed",
        Happened::Changed => "changed",
    };
    let mut row = vec![String::new(); NAMES.len()];
    let mut set = |name: &str, value: &str| {
        if let Some(at) = NAMES.iter().position(|it| *it == name) {
            row[at] = value.to_owned();
        }
    };
    set("change", word);
    let mut set_resource = |resource: &ResourceRefView| {
        set("resource_type", &resource.resource_type);
        set("resource_id", &resource.id);
    };
    match &change.what {
        What::ResourceType(view) => {
            let text = |key: &str| view[key].as_str().unwrap_or_default();
            set("what", "resource_type");
            set("id", text("id"));
            set("display_name", text("display_name"));
        }
        What::Resource(view) => {
            set("what", "resource");
            set("id", &view.id);
            set("display_name", &view.display_name);
            set("resource_type", &view.resource_type);
            set("resource_id", &view.id);
        }
        What::Entitlement(view) => {
            set_resource(&view.resource);
            set("what", "entitlement");
            set("id", &view.id);
            set("display_name", &view.display_name);
            set("entitlement_id", &view.id);
        }
        What::Grant(view) => {
            if let Some(resource) = &view.entitlement.resource {
                set_resource(resource);
            }
            let principal = &view.principal;
            set("what", "grant");
            set("id", &view.id);
            set("entitlement_id", &view.entitlement.id);
            set("principal_type", &principal.resource_type);
            set("principal_id", &principal.id);
            set(
                "principal_display_name",
                principal.display_name.as_deref().unwrap_or_default(),
            );
        }
    }
    let mut fields: Vec<_> = change.fields.iter().map(Some).collect();
    if fields.is_empty() {
        fields.push(None);
    }
    fields.into_iter().map(move |field| {
        let mut row = row.clone();
        if let Some(ChangedField {
            field,
            before,
            after,
        }) = field
        {
            let text = |value: &Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let at = NAMES.len() - 3;
            row[at..].clone_from_slice(&[field.clone(), text(before), text(after)]);
        }
        row
    })
}
