//! Microsoft's .NET client judges the endpoint.

use crate::{HUB, azure_dotnet::checks_hold, start};

#[tokio::test]
async fn all_checks_hold() {
    let hubs = start();
    let Some(printed) = checks_hold(&["eventhubs", &hubs.connection_string(HUB)]).await else { return };
    assert_eq!(printed.lines().filter(|line| line.starts_with("ok")).count(), 12, "{printed}");
}
