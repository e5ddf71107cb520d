//! Which holders of a source an edge brings along.

/// The number of a resource type.
pub(super) type TypeNumber = u32;

/// What all grants say together that bring the holders of one entitlement another. A principal
/// comes along when one of them brings it: two narrow grants do not add up to a wide one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rule {
    /// Who comes along however the source is held.
    any: Types,
    /// Who comes along when the source is held directly.
    direct: Types,
}

/// Some types of principal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Types {
    All,
    Only(Vec<TypeNumber>),
}

impl Default for Types {
    fn default() -> Self {
        Types::Only(Vec::new())
    }
}

impl Types {
    fn add(&mut self, types: Vec<TypeNumber>) {
        match self {
            // No types stated means all of them.
            _ if types.is_empty() => *self = Types::All,
            Types::All => {}
            Types::Only(known) => {
                known.extend(types);
                known.sort_unstable();
                known.dedup();
            }
        }
    }

    fn contain(&self, of_type: TypeNumber) -> bool {
        match self {
            Types::All => true,
            Types::Only(types) => types.binary_search(&of_type).is_ok(),
        }
    }
}

impl Rule {
    /// Adds what one grant says. Empty `types` stand for all.
    pub fn add(&mut self, shallow: bool, types: Vec<TypeNumber>) {
        match shallow {
            true => self.direct.add(types),
            false => self.any.add(types),
        }
    }

    /// Whether a principal of a type comes along.
    pub fn brings(&self, of_type: TypeNumber, is_direct: bool) -> bool {
        self.any.contain(of_type) || (is_direct && self.direct.contain(of_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(rules: &[(bool, &[TypeNumber])]) -> [bool; 4] {
        let mut rule = Rule::default();
        for (shallow, types) in rules {
            rule.add(*shallow, types.to_vec());
        }
        [(1, true), (1, false), (2, true), (2, false)].map(|(of, direct)| rule.brings(of, direct))
    }

    #[test]
    fn a_rule_brings_what_one_of_its_grants_brings() {
        assert_eq!(brought(&[]), [false; 4]);
        assert_eq!(brought(&[(false, &[])]), [true; 4]);
        assert_eq!(brought(&[(true, &[])]), [true, false, true, false]);
        assert_eq!(brought(&[(false, &[1])]), [true, true, false, false]);
        assert_eq!(brought(&[(true, &[1])]), [true, false, false, false]);
        assert_eq!(
            brought(&[(true, &[2]), (true, &[1])]),
            [true, false, true, false]
        );
        // Deep for one type and shallow for all is not deep for all.
        assert_eq!(
            brought(&[(false, &[1]), (true, &[])]),
            [true, true, true, false]
        );
        assert_eq!(brought(&[(false, &[1]), (false, &[])]), [true; 4]);
        assert_eq!(brought(&[(false, &[]), (false, &[1])]), [true; 4]);
    }
}
