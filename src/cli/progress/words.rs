//! Times and numbers as people read them.

use std::time::Duration;

use crate::source::WaitReason;

/// A number with its thousands apart, as in `1,234`.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 page`, `2,000 pages`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let ending = match (count, noun) {
        (1, _) => "",
        (_, "retry") => return format!("{} retries", number(count)),
        _ => "s",
    };
    format!("{} {noun}{ending}", number(count))
}

/// A length of time in at most two units: `42 s`, `3 min 20 s`, `1 h 5 min`.
pub(super) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, of: &str, small: u64, rest: &str| match small {
        0 => format!("{large} {of}"),
        _ => format!("{large} {of} {small} {rest}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        _ => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
    }
}

/// What is left by an estimate, in one unit.
pub(super) fn about_left(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => "a few seconds left".to_owned(),
        10..55 => format!("about {} s left", seconds.next_multiple_of(5)),
        55..5400 => format!("about {} min left", (seconds + 30) / 60),
        _ => format!("about {:.1} h left", time.as_secs_f64() / 3600.0),
    }
}

/// A running clock: `00:42`, `1:02:03`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// What is waited for.
pub(super) fn waited_for(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::RateLimit => "for the system's rate limit",
        WaitReason::Retry => "before trying again what failed",
        WaitReason::Job => "for a job of the system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_short() {
        let seconds = Duration::from_secs;
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(counted(1, "page"), "1 page");
        assert_eq!(counted(2, "retry"), "2 retries");
        assert_eq!(length(seconds(59)), "59 s");
        assert_eq!(length(seconds(200)), "3 min 20 s");
        assert_eq!(length(seconds(3_900)), "1 h 5 min");
        assert_eq!(about_left(seconds(3)), "a few seconds left");
        assert_eq!(about_left(seconds(41)), "about 45 s left");
        assert_eq!(about_left(seconds(56)), "about 1 min left");
        assert_eq!(about_left(seconds(160)), "about 3 min left");
        assert_eq!(about_left(seconds(5_400)), "about 1.5 h left");
        assert_eq!(clock(seconds(42)), "00:42");
        assert_eq!(clock(seconds(3_723)), "1:02:03");
    }
}
