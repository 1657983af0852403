//! What holds for all requests: versions, bodies, methods and conditions.

use local_azure::digital_twins::Trouble;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Instance, room};

const TWIN: &str = "/digitaltwins/room1";

#[tokio::test]
async fn a_request_needs_a_version_that_is_known() {
    let instance = Instance::with_models().await;
    for path in ["/models", "/digitaltwins/room1", "/nowhere"] {
        let reply = instance.send_raw(Method::GET, path, &[], None).await;
        reply.refused(400, "MissingApiVersionParameter");
        let reply = instance.send_raw(Method::GET, &format!("{path}?api-version=2019-01-01"), &[], None).await;
        assert!(reply.refused(400, "UnsupportedApiVersionValue").contains("2019-01-01"));
    }
    for version in ["2020-10-31", "2022-05-31", "2023-10-31"] {
        let reply = instance.send_raw(Method::GET, &format!("/models?api-version={version}"), &[], None).await;
        assert_eq!(reply.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn any_authorization_will_do() {
    let instance = Instance::with_models().await;
    for headers in [&[][..], &[("authorization", "Bearer x")], &[("authorization", "nonsense")]] {
        let reply = instance.send_with(Method::GET, "/models", headers, None).await;
        assert_eq!(reply.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_is_no_part_of_the_api_is_answered_like_an_error_of_it() {
    let instance = Instance::with_models().await;
    instance.get("/nowhere").await.refused(404, "ResourceNotFound");
    instance.send(Method::POST, TWIN, None).await.refused(405, "MethodNotAllowed");
    instance.get("/query").await.refused(405, "MethodNotAllowed");
    instance.send(Method::PUT, "/models", None).await.refused(405, "MethodNotAllowed");
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused() {
    let instance = Instance::with_models().await;
    instance.get("/digitaltwins/%FF").await.refused(400, "InvalidArgument");
}

#[tokio::test]
async fn a_body_that_can_not_be_read_is_refused() {
    let instance = Instance::with_models().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let path = format!("{TWIN}?api-version=2023-10-31");
    for body in ["", "{", "nonsense", "{\"a\":1,}", "\u{0}", &deep] {
        for method in [Method::PUT, Method::PATCH] {
            let reply = instance.send_text(method, &path, &[], Some(body.to_owned())).await;
            reply.refused(400, "InvalidArgument");
        }
    }
    let mut large = room();
    large["name"] = json!("x".repeat(1_100_000));
    instance.put(TWIN, large).await.refused(413, "RequestEntityTooLarge");
}

#[tokio::test]
async fn a_change_is_made_only_if_its_condition_holds() {
    let mut instance = Instance::with_models().await;
    let if_none_match = [("if-none-match", "*")];
    let patch = || Some(json!([{"op": "add", "path": "/name", "value": "x"}]));
    let created = instance.send_with(Method::PUT, TWIN, &if_none_match, Some(room())).await;
    let old = created.etag.clone().unwrap();
    created.expect(StatusCode::OK);
    instance.send_with(Method::PUT, TWIN, &if_none_match, Some(room())).await.refused(412, "PreconditionFailed");

    let matching = instance.send_with(Method::PATCH, TWIN, &[("if-match", &old)], patch()).await;
    let new = matching.etag.clone().unwrap();
    matching.expect(StatusCode::NO_CONTENT);
    instance.send_with(Method::PATCH, TWIN, &[("if-match", &old)], patch()).await.refused(412, "PreconditionFailed");
    let component = format!("{TWIN}/components/thermostat");
    let stale = instance
        .send_with(
            Method::PATCH,
            &component,
            &[("if-match", &old)],
            Some(json!([{"op": "add", "path": "/mode", "value": "x"}])),
        )
        .await;
    stale.refused(412, "PreconditionFailed");
    instance.send_with(Method::DELETE, TWIN, &[("if-match", &old)], None).await.refused(412, "PreconditionFailed");
    for headers in [("if-match", "unquoted"), ("if-none-match", "unquoted"), ("if-none-match", "W/\"1\"")] {
        instance.send_with(Method::PATCH, TWIN, &[headers], patch()).await.refused(400, "InvalidArgument");
    }
    let either = format!("{old}, {new}");
    let matching = instance.send_with(Method::PATCH, TWIN, &[("if-match", &either)], patch()).await;
    matching.expect(StatusCode::NO_CONTENT);
    let any = instance.send_with(Method::DELETE, TWIN, &[("if-match", "*")], None).await;
    any.expect(StatusCode::NO_CONTENT);
    instance.send_with(Method::DELETE, TWIN, &[("if-match", "*")], None).await.refused(404, "DigitalTwinNotFound");
    assert_eq!(instance.told().len(), 4);
}

#[tokio::test]
async fn the_conditions_of_relationships_are_their_own() {
    let instance = Instance::with_models().await;
    instance.create_room("room1").await;
    let path = format!("{TWIN}/relationships/r");
    let body = json!({"$relationshipName": "near", "$targetId": "room1"});
    let etag = instance.put(&path, body.clone()).await.etag.unwrap();
    instance.put(&path, body).await.expect(StatusCode::OK);
    let stale = [("if-match", etag.as_str())];
    instance.send_with(Method::DELETE, &path, &stale, None).await.refused(412, "PreconditionFailed");
    let current = instance.get(&path).await.etag.unwrap();
    let deleted = instance.send_with(Method::DELETE, &path, &[("if-match", &current)], None).await;
    deleted.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_request_in_trouble_is_not_carried_out() {
    let instance = Instance::with_models().await;
    let trouble =
        Trouble { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(std::time::Duration::from_secs(7)) };
    instance.twins.faults().answer_next(2, trouble);
    let url = format!("{}{TWIN}?api-version=2023-10-31", instance.twins.url());
    let put =
        async || reqwest::Client::builder().no_proxy().build().unwrap().put(&url).json(&room()).send().await.unwrap();
    let answer = put().await;
    assert_eq!(
        (answer.status(), answer.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "7")
    );
    assert!(instance.twins.graph().is_empty());
    instance.twins.faults().heal();
    assert_eq!(put().await.status(), StatusCode::OK);
}
