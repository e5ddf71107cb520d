//! The fields of an encoded message, by number: what is left over when the model took its share.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// An encoded message cut into its top-level fields, in the order they were written.
pub(super) struct Fields<'a>(Vec<Field<'a>>);

struct Field<'a> {
    number: u32,
    /// Key and value.
    encoded: &'a [u8],
    /// The value alone, for a length-delimited field.
    payload: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// Cuts a message; fails where a decoder would.
    pub fn of(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut fields = Vec::new();
        let mut ahead = message;
        while !ahead.is_empty() {
            let start = ahead;
            let (number, wire_type) = decode_key(&mut ahead)?;
            let payload = if wire_type == WireType::LengthDelimited {
                let mut value = ahead;
                decode_varint(&mut value)?;
                Some(value)
            } else {
                None
            };
            skip_field(wire_type, number, &mut ahead, DecodeContext::default())?;
            let consumed = start.len() - ahead.len();
            fields.push(Field {
                number,
                encoded: &start[..consumed],
                payload: payload.map(|value| &value[..value.len() - ahead.len()]),
            });
        }
        Ok(Self(fields))
    }

    /// True when the message has a field of this number.
    pub fn has(&self, number: u32) -> bool {
        self.0.iter().any(|field| field.number == number)
    }

    /// The numbers of its fields, one per occurrence.
    pub fn numbers(&self) -> Vec<u32> {
        self.0.iter().map(|field| field.number).collect()
    }

    /// The embedded message `number`. Written in pieces, the pieces concatenated are the whole.
    pub fn embedded(&self, number: u32) -> Option<Vec<u8>> {
        let pieces: Vec<_> = self.payloads(number).collect();
        (!pieces.is_empty()).then(|| pieces.concat())
    }

    /// Each value of the length-delimited field `number`.
    pub fn payloads(&self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.0.iter().filter(move |field| field.number == number);
        fields.filter_map(|field| field.payload)
    }

    /// The fields that are not among `read`, as they were written.
    pub fn unread(&self, read: &[u32]) -> Vec<u8> {
        self.those(|number| !read.contains(&number))
    }

    /// The fields with these numbers, as they were written.
    pub fn those(&self, numbers: impl Fn(u32) -> bool) -> Vec<u8> {
        self.0
            .iter()
            .filter(|field| numbers(field.number))
            .flat_map(|field| field.encoded)
            .copied()
            .collect()
    }
}

/// Encodes `message` as the length-delimited field `number`.
pub(super) fn embed(number: u32, message: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(message.len() + 6);
    prost::encoding::encode_key(number, WireType::LengthDelimited, &mut encoded);
    prost::encoding::encode_varint(message.len() as u64, &mut encoded);
    encoded.extend_from_slice(message);
    encoded
}

/// As [`embed`], but nothing at all when there is nothing to embed.
pub(super) fn embed_rest(number: u32, rest: &[u8]) -> Vec<u8> {
    if rest.is_empty() {
        Vec::new()
    } else {
        embed(number, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Field 1 = varint 150, field 2 = "hi", field 3 = 32 bits, field 2 again = "!".
    const MESSAGE: &[u8] = &[
        0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 2, 3, 4, 0x12, 0x01, b'!',
    ];

    #[test]
    fn a_message_is_cut_at_its_fields() {
        let fields = Fields::of(MESSAGE).unwrap();
        assert_eq!(fields.unread(&[2]), [0x08, 0x96, 0x01, 0x1d, 1, 2, 3, 4]);
        assert_eq!(fields.unread(&[]), MESSAGE);
        assert_eq!(fields.embedded(2).unwrap(), b"hi!");
        assert_eq!(fields.embedded(1), None);
        assert!(fields.has(3) && !fields.has(4));
        assert_eq!(fields.numbers(), [1, 2, 3, 2]);
    }

    #[test]
    fn a_message_cut_short_is_refused() {
        for length in [2, 4, 6, 9] {
            assert!(Fields::of(&MESSAGE[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn an_embedded_message_is_found_again() {
        let encoded = embed(5, b"abc");
        assert_eq!(Fields::of(&encoded).unwrap().embedded(5).unwrap(), b"abc");
        assert_eq!(embed_rest(5, b"abc"), encoded);
        assert!(embed_rest(5, b"").is_empty());
    }
}
