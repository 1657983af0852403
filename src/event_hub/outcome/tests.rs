use azure_core_amqp::{AmqpDescribedError, AmqpOrderedMap};
use tracing_subscriber::layer::SubscriberExt;

use super::*;

fn described(condition: AmqpErrorCondition) -> SendError {
    let error = AmqpDescribedError::new(condition, Some("the service's words".to_owned()), AmqpOrderedMap::default());
    EventHubsError::from(AmqpError::from(AmqpErrorKind::AmqpDescribedError(error))).into()
}

fn management(status: StatusCode) -> SendError {
    let error = AmqpError::from(AmqpErrorKind::ManagementStatusCode(status, Some("the service's words".to_owned())));
    // As deep as the SDK wraps it.
    let error = azure_core::Error::with_error(ErrorKind::Other, error, "Failed to ensure AMQP CBS");
    let error = azure_core::Error::with_error(ErrorKind::Other, error, "Could not ensure sender");
    EventHubsError::from(AmqpError::from(error)).into()
}

#[test]
fn the_service_s_conditions_are_told_apart() {
    let kinds = [
        (AmqpErrorCondition::ServerBusyError, "throttled"),
        (AmqpErrorCondition::ResourceLimitExceeded, "throttled"),
        (AmqpErrorCondition::UnauthorizedAccess, "denied"),
        (AmqpErrorCondition::NotFound, "notFound"),
        (AmqpErrorCondition::LinkPayloadSizeExceeded, "tooLarge"),
        (AmqpErrorCondition::ConnectionForced, "unreachable"),
        (AmqpErrorCondition::NotAllowed, "notAccepted"),
    ];
    for (condition, kind) in kinds {
        assert_eq!(described(condition.clone()).kind(), kind, "{condition}");
    }
    assert_eq!(management(StatusCode::Unauthorized).kind(), "denied");
    assert_eq!(management(StatusCode::NotFound).kind(), "notFound");
    assert_eq!(management(StatusCode::ServiceUnavailable).kind(), "unreachable");
}

#[test]
fn a_lost_connection_and_a_failing_login_are_told_apart() {
    let lost = azure_core::Error::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(SendError::from(lost), SendError::Unreachable("connection refused".to_owned()));
    let login = azure_core::Error::with_message(ErrorKind::Credential, "Please run az login");
    let login = EventHubsError::from(AmqpError::from(login));
    assert_eq!(SendError::from(login), SendError::Denied("Please run az login".to_owned()));
}

#[test]
fn texts_tell_what_to_do() {
    insta::assert_snapshot!(management(StatusCode::Unauthorized), @"The event hub denies access (401: the service's words). Check the key in EVENT_HUB, or that the identity has the role Azure Event Hubs Data Sender on the hub.");
    insta::assert_snapshot!(management(StatusCode::NotFound), @"The event hub does not exist in its namespace (404: the service's words). Check EVENT_HUB_NAME, or EntityPath in EVENT_HUB.");
    insta::assert_snapshot!(described(AmqpErrorCondition::ServerBusyError), @"The event hub is throttling (com.microsoft:server-busy: the service's words). Raise the throughput units of the namespace or let it inflate by itself.");
    insta::assert_snapshot!(described(AmqpErrorCondition::NotAllowed), @"The event hub did not accept the records (amqp:not-allowed: the service's words). They are not stored; Event Grid delivers them again.");
    insta::assert_snapshot!(SendError::Unreachable("connection refused".to_owned()), @"The event hub can't be reached (connection refused). Check the namespace in EVENT_HUB or EVENT_HUB__fullyQualifiedNamespace, the network and the firewall of the namespace.");
    insta::assert_snapshot!(SendError::NoAnswer, @"The event hub does not answer. Check the health of the namespace; nothing is lost, Event Grid delivers again.");
    insta::assert_snapshot!(SendError::TooLarge, @"A record is larger than an event that the event hub takes.");
    insta::assert_snapshot!(SendError::Stopped, @"twin-bridge is stopping. Event Grid delivers the events again.");
}

/// The warning is the SDK's; that it comes and is seen is tested against a hub that releases and modifies
/// (`tests/it/hub.rs`). Here: that the layer marks the call it belongs to and no other.
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
    assert_eq!(released, Err(SendError::NotAccepted("released or modified".to_owned())));
    assert_eq!(other, Ok(()));
}
