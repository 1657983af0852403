//! The envelope of every invocation: `{"Data":{"<binding>":…},"Metadata":{…}}`.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bad_invocation::BadInvocation;

/// The binding's name in all of our function.json files.
const BINDING: &str = "events";

/// An invocation whose parts are not read yet.
pub(super) struct Envelope<'a> {
    data: BTreeMap<Cow<'a, str>, &'a RawValue>,
    pub(super) metadata: Metadata<'a>,
}

/// What is known of messages. The names are those of the host: with cardinality many in the plural, or rather with
/// `Array`, and then each is a string that holds an array.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metadata<'a> {
    /// Event Hubs only.
    #[serde(borrow)]
    pub(super) partition_context: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) properties: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) properties_array: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) system_properties: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) system_properties_array: Option<&'a RawValue>,
    /// Service Bus only.
    #[serde(borrow)]
    pub(super) client: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) application_properties: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) application_properties_array: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content_type: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) content_type_array: Option<&'a RawValue>,
    /// Both.
    #[serde(borrow)]
    pub(super) sequence_number: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) sequence_number_array: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) enqueued_time_utc: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) enqueued_time_utc_array: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, BadInvocation> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Members<'a> {
            #[serde(borrow)]
            data: BTreeMap<Cow<'a, str>, &'a RawValue>,
            #[serde(borrow)]
            metadata: Option<&'a RawValue>,
        }

        let Members { data, metadata } = serde_json::from_slice(body).map_err(|_| BadInvocation::NotAnEnvelope)?;
        let metadata = match metadata {
            Some(metadata) if metadata.get().starts_with('{') => serde_json::from_str(metadata.get()),
            _ => Ok(Metadata::default()),
        };
        Ok(Self { data, metadata: metadata.map_err(|_| BadInvocation::NotAnEnvelope)? })
    }

    /// The value of the trigger's binding: the one of our name, or the only one; `None` where there is none at all.
    pub(super) fn binding(&self) -> Result<Option<&'a RawValue>, BadInvocation> {
        match self.data.get(BINDING) {
            None if self.data.len() > 1 => Err(BadInvocation::NoBinding),
            None => Ok(self.data.first_key_value().map(|(_, value)| *value)),
            Some(value) => Ok(Some(value)),
        }
    }
}
