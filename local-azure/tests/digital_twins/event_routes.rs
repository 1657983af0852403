//! Event routes and what passes their filters.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Instance, SENSOR};

const ROUTE: &str = "/eventroutes/updates";

#[tokio::test]
async fn a_route_can_be_put_read_and_deleted() {
    let instance = Instance::start().await;
    let body = json!({"endpointName": "event-grid", "filter": "type = 'Microsoft.DigitalTwins.Twin.Update'"});
    instance.put(ROUTE, body.clone()).await.expect(StatusCode::NO_CONTENT);
    let mut shown = body;
    shown["id"] = json!("updates");
    assert_eq!(instance.get(ROUTE).await.expect(StatusCode::OK), shown);
    let list = instance.get("/eventRoutes").await.expect(StatusCode::OK);
    let all = |id: &str, endpoint: &str| json!({"id": id, "endpointName": endpoint, "filter": "true"});
    assert_eq!(list["value"], json!([all("all-1", "event-grid"), all("all-2", "cloud-events"), shown]));
    instance.delete(ROUTE).await.expect(StatusCode::NO_CONTENT);
    instance.delete(ROUTE).await.refused(404, "EventRouteNotFound");
    instance.get(ROUTE).await.refused(404, "EventRouteNotFound");
}

#[tokio::test]
async fn a_route_that_leads_nowhere_or_whose_filter_makes_no_sense_is_refused() {
    let instance = Instance::start().await;
    let route = |endpoint: &str, filter: &str| json!({"endpointName": endpoint, "filter": filter});
    let refusal = instance.put(ROUTE, route("none", "true")).await.refused(400, "EventRouteEndpointInvalid");
    assert!(refusal.contains("event-grid, cloud-events"), "{refusal}");
    let refusal = instance.put(ROUTE, route("event-grid", "kind = 'x'")).await.refused(400, "EventRouteFilterInvalid");
    assert!(refusal.contains("kind is not known"), "{refusal}");
    let long = format!("/eventroutes/{}", "x".repeat(129));
    instance.put(&long, route("event-grid", "true")).await.refused(400, "EventRouteIdInvalid");
    instance.put(ROUTE, json!({"endpointName": "event-grid"})).await.refused(400, "InvalidArgument");
    instance.get(ROUTE).await.refused(404, "EventRouteNotFound");
}

#[tokio::test]
async fn an_endpoint_gets_what_passes_the_filter_in_the_order_in_which_it_happened() {
    let mut instance = Instance::with_models().await;
    let filter = "type = 'Microsoft.DigitalTwins.Twin.Update' AND STARTS_WITH($body.modelId, 'dtmi:test:Sensor') \
                  OR type = 'microsoft.iot.telemetry'";
    let route = json!({"endpointName": "event-grid", "filter": filter});
    instance.put("/eventroutes/all-1", route).await.expect(StatusCode::NO_CONTENT);
    instance.create_room("room1").await;
    instance.create("s1", json!({"$metadata": {"$model": SENSOR}})).await;
    let name = json!([{"op": "add", "path": "/name", "value": "x"}]);
    let battery = json!([{"op": "add", "path": "/battery", "value": 3}]);
    for _ in 0..2 {
        instance.patch("/digitaltwins/room1", name.clone()).await.expect(StatusCode::NO_CONTENT);
        instance.patch("/digitaltwins/s1", battery.clone()).await.expect(StatusCode::NO_CONTENT);
        let telemetry = instance
            .send_with(Method::POST, "/digitaltwins/room1/telemetry", &[("message-id", "1")], Some(json!({"a": 1})))
            .await;
        telemetry.expect(StatusCode::NO_CONTENT);
    }
    let told = instance.told();
    let told: Vec<_> = told.iter().map(|(kind, subject)| (kind.as_str(), subject.as_str())).collect();
    let turn = [("Twin.Update", "s1"), ("microsoft.iot.telemetry", "room1")];
    assert_eq!(told, [turn, turn].concat());

    let off = json!({"endpointName": "event-grid", "filter": "false"});
    instance.put("/eventroutes/all-1", off).await.expect(StatusCode::NO_CONTENT);
    instance.patch("/digitaltwins/s1", battery).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(instance.told(), []);
    // The other route was never touched.
    let mut others = 0;
    while instance.cloud_events.try_recv().is_ok() {
        others += 1;
    }
    assert_eq!(others, 9);
}

#[tokio::test]
async fn an_endpoint_that_nobody_reads_from_any_more_holds_nothing_up() {
    let mut instance = Instance::with_models().await;
    instance.event_grid.close();
    instance.create_room("room1").await;
    assert_eq!(instance.next_cloud_event().await["subject"], "room1");
}
