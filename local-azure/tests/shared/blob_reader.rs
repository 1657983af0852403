//! Reads blobs from the storage emulator.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::emulator::{ACCOUNT, KEY};

/// Status and text of an answer. Signed by code that shares nothing with the one under test.
pub(crate) async fn get(port: u16, path: &str, query: &[(&str, &str)]) -> (u16, String) {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let resource = query.iter().fold(String::new(), |resource, (name, value)| format!("{resource}\n{name}:{value}"));
    let text = format!(
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}/{ACCOUNT}/{path}{resource}"
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("http://127.0.0.1:{port}/{ACCOUNT}/{path}?{}", query.join("&")))
        .header("x-ms-date", date)
        .header("x-ms-version", "2021-08-06")
        .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}
