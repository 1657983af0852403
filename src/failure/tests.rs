use event_hub_producer::SendError;

use super::*;
use crate::invocation::BadInvocation;

/// The whole table: each failure has its status and its word.
#[test]
fn every_failure_has_its_answer() {
    let failures = [
        (Failure::Invocation(BadInvocation::NotAnEnvelope), 400, "badInvocation"),
        (Failure::Delivery(DeliveryError::NotEvents), 400, "notEvents"),
        (Failure::NoText, 400, "notEvents"),
        (Failure::NoValidationCode, 400, "badHandshake"),
        (Failure::NoOrigin, 400, "badHandshake"),
        (Failure::TooLarge(16), 413, "tooLargeDelivery"),
        (Failure::Delivery(DeliveryError::from(SendError::NoAnswer)), 503, "noAnswer"),
        (Failure::Delivery(DeliveryError::from(SendError::Stopped)), 503, "stopped"),
        (Failure::Delivery(DeliveryError::NoDeadLetters(String::new())), 503, "deadLetters"),
        (Failure::BrokeOff, 503, "brokeOff"),
        (Failure::NoMemory, 503, "noMemory"),
        (Failure::Stopping, 503, "stopping"),
    ];
    for (failure, status, kind) in failures {
        assert_eq!((failure.status().as_u16(), failure.kind()), (status, kind), "{failure}");
    }
}

#[test]
fn texts_tell_what_to_do() {
    insta::assert_snapshot!(Failure::TooLarge(16_777_216), @"The delivery is larger than 16777216 bytes. Lower maxEventsPerBatch of the Event Grid subscription, or maxEventBatchSize or maxMessageBatchSize in host.json.");
    insta::assert_snapshot!(Failure::Stopping, @"twin-bridge was stopped before the event hub had taken all of a batch of Service Bus, which delivers it again.");
    insta::assert_snapshot!(Failure::NoText, @"The delivery is no text in UTF-8.");
    insta::assert_snapshot!(Failure::Delivery(DeliveryError::NotEvents), @"The delivery holds neither an event nor an array of events.");
    insta::assert_snapshot!(Failure::NoValidationCode, @"The request to validate a subscription holds no validation code.");
    insta::assert_snapshot!(Failure::NoOrigin, @"The handshake names no origin: it must have the header WebHook-Request-Origin.");
    insta::assert_snapshot!(Failure::BrokeOff, @"The delivery broke off before its end.");
    insta::assert_snapshot!(Failure::NoMemory, @"The delivery could not be read in time: others, which wait for the event hub, fill the memory set aside for them.");
}
