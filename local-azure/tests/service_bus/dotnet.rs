//! Microsoft's .NET client judges the endpoint.

use crate::{SUBSCRIPTION, TIMEOUT, TOPIC, azure_dotnet::checks_hold, dead, held, start};

#[tokio::test]
async fn all_checks_hold() {
    let bus = start();
    let arguments = ["servicebus", &bus.connection_string(TOPIC), TOPIC, SUBSCRIPTION];
    if checks_hold(&arguments).await.is_none() {
        return;
    }
    assert_eq!((held(&bus).len(), dead(&bus).len()), (0, 0));
    assert!(bus.wait_until(TIMEOUT, |bus| bus.connections().open == 0).await);
    assert_eq!(bus.connections().closed_cleanly, bus.connections().opened);
}
