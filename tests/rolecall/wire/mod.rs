//! Messages of the protocol against bytes written by hand from its tables: what we send is what
//! others read, and what others send is what we read. Encoders only agree with themselves.

mod results;
mod service;
mod tasks;

use std::fmt::Debug;

use prost::Message;

/// Bytes as people write them: hexadecimal digits, and text in quotes. Behind `#` stands the field.
fn bytes(written: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in written.lines() {
        let line = line.split('#').next().unwrap_or_default();
        for (index, part) in line.split('\'').enumerate() {
            match index % 2 {
                0 => bytes.extend(part.split_whitespace().map(|digits| {
                    u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("`{digits}`"))
                })),
                _ => bytes.extend(part.as_bytes()),
            }
        }
    }
    bytes
}

/// Fields that nobody knows, of every wire type.
const UNKNOWN: &str = "
    c0 3e 96 01              # 1000: a number, 150
    ca 3e 03 'new'           # 1001: a text
    d1 3e 01 02 03 04 05 06 07 08  # 1002: eight bytes
    dd 3e 01 02 03 04        # 1003: four bytes
";

/// A message is these bytes, in both directions; and fields of a newer protocol are passed over.
#[track_caller]
fn assert_is<M: Message + Default + PartialEq + Debug>(message: &M, written: &str) {
    let bytes = bytes(written);
    assert_eq!(shown(&message.encode_to_vec()), shown(&bytes));
    let read = M::decode(bytes.as_slice()).expect("can be read");
    assert_eq!(&read, message);
    let newer = [bytes, self::bytes(UNKNOWN)].concat();
    let read = M::decode(newer.as_slice()).expect("can be read");
    assert_eq!(&read, message, "with fields of a newer protocol");
}

/// Bytes for people, sixteen in a row.
fn shown(bytes: &[u8]) -> String {
    let rows = bytes.chunks(16).map(|row| {
        let digits: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = row.iter().map(|byte| match byte {
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        });
        format!("{:<48}{}", digits.join(" "), text.collect::<String>())
    });
    rows.collect::<Vec<_>>().join("\n")
}
