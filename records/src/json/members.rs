//! The members of an object, each with the text of its value.

use std::{borrow::Cow, collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of an object, in the order in which they stand.
pub type Members<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// A member's name holds half of a surrogate pair, which is no Unicode text.
#[derive(Debug, PartialEq, Eq)]
pub struct NotUnicode;

/// The members of `value` if it is an object, else `None`.
///
/// Of a name that is given twice the last value counts, in the first one's place, as the Functions host has it.
pub fn members(value: &RawValue) -> Result<Option<Members<'_>>, NotUnicode> {
    if !value.get().starts_with('{') {
        return Ok(None);
    }
    let InOrder(members) = serde_json::from_str(value.get()).map_err(|_| NotUnicode)?;
    Ok(Some(members))
}

/// The members of an object by name.
#[derive(Debug, Default)]
pub struct Fields<'a>(Members<'a>);

impl<'a> Fields<'a> {
    /// The fields of `value`; of anything that is no object, none.
    pub fn of(value: &'a RawValue) -> Result<Self, NotUnicode> {
        Ok(Self(members(value)?.unwrap_or_default()))
    }

    /// The value of a member, be it null.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(candidate, _)| candidate == name).map(|&(_, value)| value)
    }

    /// The value of a member that is a string.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }
}

/// `value` as text if it is a string, else `None`.
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if quoted.as_bytes().contains(&b'\\') {
        serde_json::from_str(value.get()).ok()
    } else {
        Some(Cow::Borrowed(quoted))
    }
}

/// A string that borrows where it holds no escapes. (A `Cow<str>` in a map never borrows; this does.)
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        InOrder::deserialize(deserializer).map(|InOrder(members)| Self(members))
    }
}

/// The members of an object, whatever their names.
struct InOrder<'a>(Members<'a>);

impl<'de> Deserialize<'de> for InOrder<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = InOrder<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(InOrder(last_wins(members)))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// Of members with the same name, the last value in the first one's place.
fn last_wins(members: Members<'_>) -> Members<'_> {
    // Nearly every object is small and repeats nothing; comparing is then cheaper than hashing.
    let repeats =
        |(index, (name, _)): (usize, &(Cow<'_, str>, _))| members[..index].iter().any(|(other, _)| other == name);
    if members.len() <= 16 && !members.iter().enumerate().any(repeats) {
        return members;
    }
    let mut places = HashMap::with_capacity(members.len());
    for (index, (name, value)) in members.iter().enumerate() {
        places.entry(name).or_insert((index, value)).1 = value;
    }
    if places.len() == members.len() {
        return members;
    }
    let mut places: Vec<_> = places.into_iter().map(|(name, (index, &value))| (index, name.clone(), value)).collect();
    places.sort_unstable_by_key(|&(index, ..)| index);
    places.into_iter().map(|(_, name, value)| (name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn members_keep_their_order_and_their_digits() {
        let object = raw(r#"{"z":1.10,"a\u0041":1e400,"b":null}"#);
        let members = members(&object).unwrap().unwrap();
        let seen: Vec<_> = members.iter().map(|(name, value)| (&**name, value.get())).collect();
        assert_eq!(seen, [("z", "1.10"), ("aA", "1e400"), ("b", "null")]);
    }

    #[test]
    fn of_a_name_given_twice_the_last_value_counts_in_the_first_place() {
        let object = raw(r#"{"b":1,"a":2,"\u0062":3,"c":4,"a":5}"#);
        let members = members(&object).unwrap().unwrap();
        let seen: Vec<_> = members.iter().map(|(name, value)| (&**name, value.get())).collect();
        assert_eq!(seen, [("b", "3"), ("a", "5"), ("c", "4")]);
    }

    #[test]
    fn only_objects_have_members() {
        for text in ["[]", "1", "null", "\"{}\""] {
            assert!(members(&raw(text)).unwrap().is_none(), "{text}");
        }
        assert!(members(&raw(r#"{"\ud800":1}"#)).is_err());
    }
}
