//! Whether an endpoint wants the events at all: asked once before the first delivery.
//!
//! In Event Grid's schema it must give back a code
//! (<https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema>); with CloudEvents it
//! must allow the origin
//! (<https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema>).
//!
//! A webhook could also agree later, by asking for a URL that it is told. Here that URL leads nowhere: an endpoint that
//! answers at once has no need of it.

use reqwest::{Method, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use time::UtcDateTime;
use uuid::Uuid;

use super::{
    Endpoint, Schema,
    delivery::{DELIVERY_COUNT, EVENT_TYPE, EndpointClient, SUBSCRIPTION_NAME},
    event::written,
};

/// Who Event Grid says it is.
const ORIGIN: &str = "eventgrid.azure.net";
const REQUEST_ORIGIN: &str = "webhook-request-origin";
const REQUEST_CALLBACK: &str = "webhook-request-callback";
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";

/// Whether the endpoint of a subscription has agreed to get events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Not yet. It is asked again until it does.
    Pending {
        /// How often it was asked in vain.
        attempts: u64,
        /// What was wrong the last time, in words.
        problem: Option<String>,
    },
    /// It has.
    Done,
}

impl EndpointClient {
    /// Asks once; the error says in words what was wrong.
    pub(super) async fn shake_hands(&self, topic: &str) -> Result<(), String> {
        match self.schema {
            Schema::EventGrid => self.validate_by_code(topic).await,
            Schema::CloudEvents => self.validate_by_origin().await,
        }
    }

    async fn validate_by_code(&self, topic: &str) -> Result<(), String> {
        let code = Uuid::new_v4().to_string().to_uppercase();
        let mut data = json!({ "validationCode": code });
        if let Some(url) = self.validation_url() {
            data["validationUrl"] = url.into();
        }
        let event = json!([{
            "id": Uuid::new_v4().to_string(),
            "topic": topic,
            "subject": "",
            "data": data,
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": written(UtcDateTime::now()),
            "metadataVersion": "1",
            "dataVersion": "2",
        }]);
        let request = self
            .client()
            .post(self.endpoint.url())
            .header(CONTENT_TYPE, self.schema.content_type(false))
            .header(EVENT_TYPE, "SubscriptionValidation")
            .header(SUBSCRIPTION_NAME, &self.subscription)
            .header(DELIVERY_COUNT, 0)
            .body(event.to_string());
        let response = self.answer(request).await.map_err(|failure| self.complaint(failure))?;
        let status = response.status();
        // The host answers it as plain text, and Event Grid takes that.
        let answer: Option<Value> = response.bytes().await.ok().and_then(|body| serde_json::from_slice(&body).ok());
        if status != StatusCode::OK {
            Err(format!("{} answered the validation event with {status} instead of 200.", self.endpoint))
        } else if answer.as_ref().and_then(|answer| answer.get("validationResponse")) != Some(&json!(code)) {
            Err(format!("{} answered the validation event without its code in validationResponse.", self.endpoint))
        } else {
            Ok(())
        }
    }

    async fn validate_by_origin(&self) -> Result<(), String> {
        let mut request = self.client().request(Method::OPTIONS, self.endpoint.url()).header(REQUEST_ORIGIN, ORIGIN);
        if let Some(url) = self.validation_url() {
            request = request.header(REQUEST_CALLBACK, url);
        }
        let response = self.answer(request).await.map_err(|failure| self.complaint(failure))?;
        let allowed = response.headers().get(ALLOWED_ORIGIN).and_then(|value| value.to_str().ok());
        if !response.status().is_success() {
            Err(format!("{} answered OPTIONS with {} instead of 200.", self.endpoint, response.status()))
        } else if allowed.is_some_and(|origin| origin == "*" || origin.eq_ignore_ascii_case(ORIGIN)) {
            Ok(())
        } else {
            Err(format!("{} answered OPTIONS without {ALLOWED_ORIGIN}: {ORIGIN}.", self.endpoint))
        }
    }
    /// Where a webhook could agree later.
    fn validation_url(&self) -> Option<String> {
        let Endpoint::WebHook(_) = self.endpoint else { return None };
        let (name, id) = (self.subscription.to_lowercase(), Uuid::new_v4());
        Some(format!("https://rp-local.eventgrid.invalid:553/eventsubscriptions/{name}/validate?id={id}"))
    }
}
