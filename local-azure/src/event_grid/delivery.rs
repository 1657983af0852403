//! A delivery: events in one request to the endpoint, and what comes of it.

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder, Response,
    header::{CONTENT_TYPE, HeaderValue},
    redirect,
};

use super::{
    Endpoint, Limits, Schema, Subscription,
    outcome::{Failure, judge},
    queue::Pending,
};

pub(super) const EVENT_TYPE: &str = "aeg-event-type";
pub(super) const SUBSCRIPTION_NAME: &str = "aeg-subscription-name";
pub(super) const DELIVERY_COUNT: &str = "aeg-delivery-count";
const DATA_VERSION: &str = "aeg-data-version";
const METADATA_VERSION: &str = "aeg-metadata-version";

/// The way to a subscription's endpoint.
#[derive(Debug)]
pub(super) struct EndpointClient {
    client: Client,
    pub(super) endpoint: Endpoint,
    pub(super) schema: Schema,
    pub(super) subscription: String,
    batched: bool,
    answer_timeout: Duration,
}

impl EndpointClient {
    pub(super) fn new(subscription: &Subscription, schema: Schema, limits: Limits) -> reqwest::Result<Self> {
        // A proxy from the environment has no business between this process and an endpoint on loopback.
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
        // The time is for the whole of the answer.
        let client = client.timeout(limits.answer).pool_max_idle_per_host(limits.parallel_deliveries);
        Ok(Self {
            client: client.build()?,
            endpoint: subscription.endpoint.clone(),
            schema,
            subscription: subscription.name.to_uppercase(),
            batched: subscription.batched(),
            answer_timeout: limits.answer,
        })
    }

    /// Delivers all or none of the events, which have the same number of attempts behind them.
    pub(super) async fn deliver(&self, batch: &[Pending]) -> Result<(), Failure> {
        let Some(first) = batch.first() else { return Ok(()) };
        let mut request = self
            .client
            .post(self.endpoint.url())
            .header(CONTENT_TYPE, self.schema.content_type(self.batched))
            .header(EVENT_TYPE, "Notification")
            .header(SUBSCRIPTION_NAME, &self.subscription)
            .header(DELIVERY_COUNT, first.attempts)
            .header(METADATA_VERSION, self.schema.metadata_version());
        if let Some(version) = &first.event.data_version {
            request = request.header(DATA_VERSION, HeaderValue::clone(version));
        }
        let response = self.answer(request.body(self.body(batch))).await?;
        let status = response.status();
        // Read to its end, so that the connection can be used again; whether that works out changes nothing.
        let _ = response.bytes().await;
        judge(status)
    }

    /// What to tell about a failed delivery.
    pub(super) fn complaint(&self, failure: Failure) -> String {
        match failure.status {
            Some(status) => format!("{} answered {status}.", self.endpoint),
            None if failure == Failure::TIMED_OUT => {
                format!("{} did not answer within {:?}.", self.endpoint, self.answer_timeout)
            }
            None => format!("{} can't be reached, or hung up.", self.endpoint),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and waits as long for the answer as Event Grid does.
    pub(super) async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let failure =
            |error: reqwest::Error| if error.is_timeout() { Failure::TIMED_OUT } else { Failure::NO_CONNECTION };
        request.send().await.map_err(failure)
    }

    fn body(&self, batch: &[Pending]) -> String {
        let is_array = self.schema.is_array(self.batched);
        let bytes: usize = batch.iter().map(|pending| pending.event.json.len() + 1).sum();
        let mut body = String::with_capacity(bytes + 2);
        if is_array {
            body.push('[');
        }
        for (index, pending) in batch.iter().enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(&pending.event.json);
        }
        if is_array {
            body.push(']');
        }
        body
    }
}
