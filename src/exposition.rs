//! Numbers → the text that Prometheus reads, and what is kept of an earlier one.

use std::fmt::Write as _;

/// Metrics, in the order in which they are written.
#[derive(Debug, Default)]
pub(crate) struct Text {
    written: String,
    /// The labels of every sample, as they are written.
    common: String,
    name: String,
}

/// What a number is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Goes up and down.
    Gauge,
    /// Goes up, and begins anew with each sync.
    Counter,
}

impl Text {
    /// Metrics that are all of one connector.
    pub fn of(connector: &str) -> Self {
        Self {
            common: label("connector", connector),
            ..Self::default()
        }
    }

    /// Begins a metric: the samples that follow are of it.
    pub fn metric(&mut self, name: &str, kind: Kind, help: &str) -> &mut Self {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        self.name = name.to_owned();
        let _ = writeln!(self.written, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self
    }

    /// Adds a sample. Times are seconds.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) -> &mut Self {
        let labels = labels.iter().map(|(name, value)| label(name, value));
        let mut all = vec![self.common.clone()];
        all.extend(labels);
        let _ = writeln!(self.written, "{}{{{}}} {value}", self.name, all.join(","));
        self
    }

    /// Adds the samples of the metric that another file of this connector has.
    pub fn kept(&mut self, from: &str) -> &mut Self {
        let begins = format!("{}{{{}", self.name, self.common);
        for line in from.lines() {
            let rest = line.strip_prefix(&begins);
            let of_this = rest.is_some_and(|rest| rest.starts_with([',', '}']));
            let value = line
                .rsplit_once("} ")
                .map(|(_, value)| value.parse::<f64>());
            if of_this && matches!(value, Some(Ok(_))) {
                self.written.push_str(line);
                self.written.push('\n');
            }
        }
        self
    }

    /// The text of a file.
    pub fn into_written(self) -> String {
        self.written
    }
}

/// `name="value"`, with whatever is in the value.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\");
    let value = value.replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_anything() {
        let mut text = Text::of("Acme \"HR\"\n\\");
        text.metric("m", Kind::Gauge, "A metric.")
            .sample(&[("kind", "a")], 1.5)
            .sample(&[], 2.0);
        assert_eq!(
            text.into_written(),
            "# HELP m A metric.\n# TYPE m gauge\n\
             m{connector=\"Acme \\\"HR\\\"\\n\\\\\",kind=\"a\"} 1.5\n\
             m{connector=\"Acme \\\"HR\\\"\\n\\\\\"} 2\n"
        );
    }

    #[test]
    fn only_samples_of_the_same_metric_and_connector_are_kept() {
        let before = "# HELP m A metric.\nm{connector=\"A\"} 1\nm{connector=\"A\",of=\"x } 3\"} 2\n\
                      m{connector=\"AB\"} 3\nmm{connector=\"A\"} 4\nm{connector=\"A\"} many\nm 5\n\
                      m{connector=\"A\"";
        let mut text = Text::of("A");
        text.metric("m", Kind::Counter, "It.").kept(before);
        assert_eq!(
            text.into_written(),
            "# HELP m It.\n# TYPE m counter\nm{connector=\"A\"} 1\nm{connector=\"A\",of=\"x } 3\"} 2\n"
        );
    }
}
