//! KSUIDs: ids that stand in the order of the seconds in which they were made.

use chrono::{DateTime, Utc};

/// Seconds from 1970 to the moment KSUIDs count from.
const EPOCH: i64 = 1_400_000_000;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 27;

/// A new id, made at this moment.
pub fn generate(at: DateTime<Utc>) -> String {
    let mut payload = [0; 16];
    getrandom::fill(&mut payload).expect("the operating system has random numbers");
    encode(at, payload)
}

/// The text of an id: 4 bytes of seconds and 16 of payload, in base 62.
pub fn encode(at: DateTime<Utc>, payload: [u8; 16]) -> String {
    // A clock outside the 136 years an id can tell must not keep anything from running.
    let seconds = (at.timestamp() - EPOCH).clamp(0, u32::MAX.into()) as u32;
    let mut number = [0; 20];
    number[..4].copy_from_slice(&seconds.to_be_bytes());
    number[4..].copy_from_slice(&payload);

    let mut text = [DIGITS[0]; LENGTH];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[usize::from(divide(&mut number, 62))];
    }
    text.iter().map(|&digit| char::from(digit)).collect()
}

/// When an id was made, to the second. `None` when the text is no KSUID.
pub fn made_at(id: &str) -> Option<DateTime<Utc>> {
    let text = id.as_bytes();
    if text.len() != LENGTH {
        return None;
    }
    let mut number = [0u8; 20];
    for digit in text {
        let mut carry = DIGITS.iter().position(|known| known == digit)?;
        for byte in number.iter_mut().rev() {
            let value = usize::from(*byte) * 62 + carry;
            *byte = value as u8;
            carry = value >> 8;
        }
        if carry > 0 {
            return None;
        }
    }
    let seconds = u32::from_be_bytes([number[0], number[1], number[2], number[3]]);
    DateTime::from_timestamp(EPOCH + i64::from(seconds), 0)
}

/// Divides a big-endian number in place and returns the remainder.
fn divide(number: &mut [u8; 20], divisor: u16) -> u8 {
    let mut remainder = 0u16;
    for byte in number {
        let value = remainder << 8 | u16::from(*byte);
        *byte = (value / divisor) as u8;
        remainder = value % divisor;
    }
    remainder as u8
}
