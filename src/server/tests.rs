use super::*;

#[tokio::test]
async fn a_panic_is_answered_as_a_fault_of_ours() {
    let router: Router = Router::new()
        .route("/", get(|| async { panic!("on purpose") as &str }))
        .layer(CatchPanicLayer::custom(panicked));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}
