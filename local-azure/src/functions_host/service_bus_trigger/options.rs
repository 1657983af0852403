//! The section `extensions.serviceBus` of `host.json` (`ServiceBusOptions`).

use std::num::NonZeroU32;
use std::thread::available_parallelism;
use std::time::Duration;

use serde::Deserialize;

use super::super::timespan;

/// How messages are received; all functions with a Service Bus trigger share it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in super::super) struct ServiceBusOptions {
    /// Only for cardinality many.
    pub(super) max_message_batch_size: NonZeroU32,
    /// Only for cardinality many.
    pub(super) min_message_batch_size: NonZeroU32,
    /// How long a batch waits to reach its minimum.
    #[serde(deserialize_with = "timespan::deserialize")]
    pub(super) max_batch_wait_time: Duration,
    /// Only for cardinality one.
    pub(super) max_concurrent_calls: NonZeroU32,
    /// How many messages are locked in advance.
    pub(super) prefetch_count: u32,
    /// Whether messages are completed when the function succeeds.
    pub(super) auto_complete_messages: bool,
}

impl Default for ServiceBusOptions {
    fn default() -> Self {
        let processors = available_parallelism().ok().and_then(|count| NonZeroU32::try_from(count).ok());
        Self {
            max_message_batch_size: NonZeroU32::MIN.saturating_add(999),
            min_message_batch_size: NonZeroU32::MIN,
            max_batch_wait_time: Duration::from_secs(30),
            max_concurrent_calls: processors
                .unwrap_or(NonZeroU32::MIN)
                .saturating_mul(NonZeroU32::MIN.saturating_add(15)),
            prefetch_count: 0,
            auto_complete_messages: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_in_the_extension() {
        let options: ServiceBusOptions = serde_json::from_str(r#"{"maxConcurrentCalls":3}"#).unwrap();
        assert_eq!((options.max_message_batch_size.get(), options.max_concurrent_calls.get()), (1_000, 3));
        assert_eq!((options.min_message_batch_size.get(), options.max_batch_wait_time.as_secs()), (1, 30));
        assert!(options.prefetch_count == 0 && options.auto_complete_messages);
        assert_eq!(ServiceBusOptions::default().max_concurrent_calls.get() % 16, 0);
    }
}
