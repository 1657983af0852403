use azure_core::http::StatusCode;
use azure_core_amqp::{AmqpDescribedError, AmqpErrorCondition, AmqpOrderedMap};
use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[test]
fn the_service_s_words_are_found_as_deep_as_the_sdk_wraps_them() {
    let condition = AmqpErrorCondition::ServerBusyError;
    let busy = AmqpDescribedError::new(condition, Some("slow down".to_owned()), AmqpOrderedMap::default());
    let busy = EventHubsError::from(AmqpError::from(AmqpErrorKind::AmqpDescribedError(busy)));
    assert_eq!(SendError::from(busy), SendError::Throttled("com.microsoft:server-busy: slow down".to_owned()));

    let denied = AmqpErrorKind::ManagementStatusCode(StatusCode::Unauthorized, Some("wrong key".to_owned()));
    let denied = azure_core::Error::with_error(ErrorKind::Other, AmqpError::from(denied), "Failed to ensure AMQP CBS");
    let denied = azure_core::Error::with_error(ErrorKind::Other, denied, "Could not ensure sender");
    let denied = EventHubsError::from(AmqpError::from(denied));
    assert_eq!(SendError::from(denied), SendError::Denied("401: wrong key".to_owned()));
}

#[test]
fn a_lost_connection_and_a_failing_login_are_told_apart() {
    let lost = azure_core::Error::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(SendError::from(lost), SendError::Unreachable("connection refused".to_owned()));
    let login = azure_core::Error::with_message(ErrorKind::Credential, "Please run az login");
    let login = EventHubsError::from(AmqpError::from(login));
    assert_eq!(SendError::from(login), SendError::Denied("Please run az login".to_owned()));
}

/// The warning is the SDK's; that it comes and is seen is tested against a hub that releases and modifies
/// (`tests/it/producer/hub.rs`). Here: that the layer marks the call it belongs to and no other.
#[tokio::test]
async fn a_warning_of_the_sdk_makes_its_call_a_failure() {
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(not_accepted_layer()));
    assert!(is_watched());
    let released = accepted(async {
        tracing::warn!(target: "azure_messaging_eventhubs::producer", path = "p", "Batch was released by the Event Hub; not durably accepted.");
        Ok(())
    });
    let other = accepted(async {
        tracing::warn!(target: "elsewhere", "not durably accepted");
        tokio::task::yield_now().await;
        Ok(())
    });
    let (released, other) = tokio::join!(released, other);
    assert_eq!(released, Err(Failure::outcome(SendError::NotAccepted("released or modified".to_owned()))));
    assert_eq!(other, Ok(()));
}
