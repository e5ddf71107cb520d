//! How far a run is → the lines of a terminal that show it.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::view::{Listing, View, Wait};
use super::words::{about_left, clock, counted, length, number, waited_for};

/// Waits that are over sooner are not shown: they would flicker.
const WORTH_SHOWING: Duration = Duration::from_secs(3);
/// Listings that are shown at most.
const MOST_LISTINGS: usize = 10;
/// Columns of a name at most.
const LONGEST_NAME: usize = 28;
/// What turns while the program works.
const TURNS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// Where and when the lines are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// How long the run has been going.
    pub elapsed: Duration,
    pub now: SystemTime,
    pub zone: FixedOffset,
    pub width: usize,
    pub height: usize,
    pub colour: bool,
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Strong,
    Faint,
    Waiting,
}

/// A line, piece by piece.
type Line = Vec<(Style, String)>;

impl View {
    /// The lines that show how far the run is: none wider or more than the terminal has room for.
    pub fn lines(&self, frame: &Frame) -> Vec<String> {
        let mut lines = vec![self.head(frame)];
        let waits = self.waits(frame.now, WORTH_SHOWING);
        let costs = self.costs();
        let taken = lines.len() + waits.len() + usize::from(costs.is_some());
        // The last row of a terminal is left to the cursor.
        let room = frame.height.saturating_sub(taken + 1).min(MOST_LISTINGS);
        lines.extend(self.of_listings(room, frame.width));
        lines.extend(waits.iter().map(|wait| of_wait(wait, frame)));
        lines.extend(costs);
        lines.truncate(frame.height.saturating_sub(1).max(1));
        lines.iter().map(|line| painted(line, frame)).collect()
    }

    fn head(&self, frame: &Frame) -> Line {
        let turn = frame.elapsed.as_millis() / 100 % TURNS.len() as u128;
        let mut line = vec![(Style::Plain, format!("{} ", TURNS[turn as usize]))];
        let what = match self.phase {
            _ if self.sealed => "packing".to_owned(),
            None => "connecting".to_owned(),
            Some((phase, number, of)) => format!("{number}/{of} {phase}"),
        };
        line.push((Style::Strong, what));
        let mut rest = vec![clock(frame.elapsed)];
        rest.extend(self.left(frame.elapsed, frame.now).map(about_left));
        if self.phase.is_some() {
            rest.push(counted(self.records(), "record"));
            rest.extend(self.speed.per_second().map(per_second));
            rest.push(counted(self.pages(), "page"));
        }
        for part in rest {
            line.push((Style::Faint, " · ".to_owned()));
            line.push((Style::Plain, part));
        }
        line
    }

    /// A line for each listing under way, those first that have brought something.
    fn of_listings(&self, room: usize, width: usize) -> Vec<Line> {
        let mut open = self.under_way();
        open.sort_by_key(|listing| listing.records == 0);
        let (begun, waiting) = open.split_at(open.iter().filter(|open| open.records > 0).count());
        let hidden = |shown: usize| open.len() - shown;
        let shown = match begun.len() {
            all if all < room || all == room && waiting.is_empty() => all,
            _ => room.saturating_sub(1),
        };
        let names: Vec<String> = begun[..shown].iter().map(|one| label(one, &open)).collect();
        let longest = names.iter().map(|name| name.width()).max().unwrap_or(0);
        let rows = begun.iter().zip(&names);
        let mut lines: Vec<Line> = rows
            .map(|(listing, name)| of_listing(listing, name, longest, width))
            .collect();
        if hidden(shown) > 0 && room > 0 {
            let more = match shown {
                0 => format!("  {}", counted(hidden(shown) as u64, "listing")),
                _ => format!("  and {} more", number(hidden(shown) as u64)),
            };
            lines.push(vec![(Style::Faint, more)]);
        }
        lines
    }

    /// What was tried again and waited for; `None` while there is nothing of it.
    fn costs(&self) -> Option<Line> {
        let mut parts = Vec::new();
        if self.cost.retries > 0 {
            parts.push(counted(self.cost.retries, "retry"));
        }
        if self.cost.wall_wait_ms >= 1_000 {
            let waited = Duration::from_millis(self.cost.wall_wait_ms);
            parts.push(format!("waited {} so far", length(waited)));
        }
        let line = format!("  {}", parts.join(", "));
        (!parts.is_empty()).then(|| vec![(Style::Faint, line)])
    }
}

fn per_second(speed: u64) -> String {
    format!("{}/s", number(speed))
}

/// A listing by its type, and more where another one has the same.
fn label(listing: &Listing, all: &[&Listing]) -> String {
    let of_type = |other: &&&Listing| other.name.resource_type == listing.name.resource_type;
    let name = &listing.name.name;
    match &listing.name.resource_type {
        None => cut(name, LONGEST_NAME),
        Some(id) if all.iter().filter(of_type).count() == 1 => cut(id, LONGEST_NAME),
        // What tells them apart stands behind the type.
        Some(id) => {
            let apart = name.rsplit_once('`').map_or("", |(_, apart)| apart);
            let room = LONGEST_NAME.saturating_sub(apart.width());
            format!("{}{apart}", cut(id, room))
        }
    }
}

fn of_listing(listing: &Listing, name: &str, longest: usize, width: usize) -> Line {
    let padding = " ".repeat(longest - name.width());
    let records = counted(listing.records, "record");
    let pages = counted(listing.pages, "page");
    let mut line = vec![(Style::Plain, format!("  {name}{padding}"))];
    let speed = listing.speed.per_second().map(per_second);
    let mut left = width.saturating_sub(longest + 3);
    for (column, size) in [(Some(records), 18), (Some(pages), 14), (speed, 9)] {
        // A column that does not fit is left out as a whole, and so are those behind it.
        let Some(column) = column.filter(|_| size <= left) else {
            break;
        };
        line.push((Style::Faint, format!("{column:>size$}")));
        left -= size;
    }
    line
}

fn of_wait(wait: &Wait, frame: &Frame) -> Line {
    let mut text = format!("  {}", wait_text(wait, frame.zone));
    if wait.tasks > 1 {
        text.push_str(&format!(", {} requests", wait.tasks));
    }
    vec![(Style::Waiting, text)]
}

/// `waiting 42 s for the system's rate limit (until 12:03:10)`
pub(super) fn wait_text(wait: &Wait, zone: FixedOffset) -> String {
    let until = DateTime::<chrono::Utc>::from(wait.until).with_timezone(&zone);
    // What is left of a second is waited for too.
    let left = Duration::from_secs(wait.left.as_millis().div_ceil(1_000) as u64);
    format!(
        "waiting {} {} (until {})",
        length(left),
        waited_for(wait.reason),
        until.format("%H:%M:%S")
    )
}

/// A line in at most the columns that are there.
fn painted(line: &Line, frame: &Frame) -> String {
    let mut left = frame.width.saturating_sub(1);
    let mut shown = String::new();
    for (style, text) in line {
        let part = cut(text, left);
        left -= part.width();
        let code = match style {
            _ if !frame.colour => "",
            Style::Plain => "",
            Style::Strong => "\x1b[1;36m",
            Style::Faint => "\x1b[2m",
            Style::Waiting => "\x1b[33m",
        };
        match code {
            "" => shown.push_str(&part),
            _ => shown.push_str(&format!("{code}{part}\x1b[0m")),
        }
        if left == 0 {
            break;
        }
    }
    shown
}

/// A text in at most so many columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut left = columns.saturating_sub(1);
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if width > left {
            break;
        }
        left -= width;
        shown.push(c);
    }
    if columns > 0 {
        shown.push('…');
    }
    shown
}
