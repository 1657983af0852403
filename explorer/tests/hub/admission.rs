//! Who gets in.

use reqwest::{Client, StatusCode, header, redirect::Policy};
use tokio::time::timeout;

use crate::{
    TIMEOUT,
    plant::Plant,
    program::{Program, command},
};

const TOKEN: &str = "0123456789abcdef";

#[tokio::test]
async fn on_loopback_no_page_of_another_site() {
    let plant = Plant::start();
    let program = Program::start(&[], &[("EVENT_HUB", &plant.hubs.connection_string("twins"))]).await;
    let ask = |host: &'static str| {
        let url = format!("{}api/overview", program.url);
        async move { Client::new().get(url).header(header::HOST, host).send().await.unwrap().status() }
    };
    assert_eq!(ask("localhost").await, StatusCode::OK);
    assert_eq!(ask("rebound.example").await, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn elsewhere_only_who_may() {
    let plant = Plant::start();
    let string = plant.hubs.connection_string("twins");
    let environment = [("EVENT_HUB", &*string)];
    let refused = command(&["--listen", "0.0.0.0:0"], &environment).output();
    let refused = timeout(TIMEOUT, refused).await.unwrap().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert!(errors.contains("does not listen on 0.0.0.0:0 without knowing who asks"), "{errors}");

    let environment = [("EVENT_HUB", &*string), ("EXPLORER_TOKEN", TOKEN)];
    let program = Program::start(&[], &environment).await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let get = |path: &str| client.get(format!("{}{path}", program.url));
    assert_eq!(get("").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get("").bearer_auth(TOKEN).send().await.unwrap().status(), StatusCode::OK);
    let entered = get(&format!("?token={TOKEN}")).send().await.unwrap();
    assert_eq!((entered.status(), &entered.headers()["location"]), (StatusCode::SEE_OTHER, &"/".parse().unwrap()));
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(get("api/overview").header("cookie", cookie).send().await.unwrap().status(), StatusCode::OK);
}
