//! Objects whose names are known, read member by member in the pass that parses them.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

/// What is read from the members of an object, whichever of them there are and in whatever order.
///
/// A member that comes a second time takes the place of the first, as the Functions host has it.
pub trait Object<'a>: Default {
    /// Takes the next value of `members`, the one of `name`, or leaves it with [`skip`].
    fn member<A: MapAccess<'a>>(&mut self, name: &str, members: &mut A) -> Result<(), A::Error>;
}

/// Reads an object. Anything else is an error, and so is a name that holds half of a surrogate pair.
pub fn object<'a, T: Object<'a>, D: Deserializer<'a>>(deserializer: D) -> Result<T, D::Error> {
    struct Members<T>(PhantomData<T>);

    impl<'a, T: Object<'a>> Visitor<'a> for Members<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<T, A::Error> {
            let mut object = T::default();
            while let Some(Text(name)) = members.next_key()? {
                object.member(&name, &mut members)?;
            }
            Ok(object)
        }
    }

    deserializer.deserialize_map(Members(PhantomData))
}

/// Takes the next value of `members` if it is a string; anything else is an error.
pub fn next_text<'a, A: MapAccess<'a>>(members: &mut A) -> Result<Cow<'a, str>, A::Error> {
    members.next_value().map(|Text(text)| text)
}

/// Leaves the next value of `members` unread.
pub fn skip<'a, A: MapAccess<'a>>(members: &mut A) -> Result<(), A::Error> {
    members.next_value::<IgnoredAny>().map(|_| ())
}

/// A string that borrows where it holds no escapes. (`Option<Cow<str>>` never borrows; this does.)
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);
