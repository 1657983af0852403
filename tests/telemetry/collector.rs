//! A stand-in for an OpenTelemetry collector: takes OTLP over HTTP, and keeps it.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data, number_data_point},
    trace::v1::Span,
};
use prost::Message;
use tokio::{net::TcpListener, sync::watch, time::timeout};

use crate::handler::TIMEOUT;

/// How it answers from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Takes,
    Refuses,
    /// Answers nothing, until its mood changes.
    Silent,
}

/// What it was sent and has taken.
#[derive(Debug, Default, Clone)]
pub struct Taken {
    pub spans: Vec<Span>,
    /// The latest of each name; they are cumulative.
    pub metrics: BTreeMap<String, Metric>,
    pub resource: BTreeMap<String, String>,
    pub headers: HeaderMap,
}

pub struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    mood: watch::Sender<Mood>,
    asked: watch::Sender<usize>,
    taken: watch::Sender<Taken>,
}

impl Collector {
    pub async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            mood: watch::Sender::new(mood),
            asked: watch::Sender::default(),
            taken: watch::Sender::default(),
        });
        let router = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(metrics))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    /// The settings that lead to it.
    pub fn settings(&self) -> Vec<(String, String)> {
        vec![("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), format!("http://{}", self.address))]
    }

    pub fn becomes(&self, mood: Mood) {
        self.shared.mood.send_replace(mood);
    }

    pub fn taken(&self) -> Taken {
        self.shared.taken.borrow().clone()
    }

    /// Waits until it has taken so many spans, and answers them.
    pub async fn spans(&self, count: usize) -> Vec<Span> {
        let mut taken = self.shared.taken.subscribe();
        let enough = taken.wait_for(|taken| taken.spans.len() >= count);
        timeout(TIMEOUT, enough).await.expect("the spans come").unwrap().spans.clone()
    }

    /// Waits until so many requests have come, answered or not.
    pub async fn asked(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        timeout(TIMEOUT, asked.wait_for(|&asked| asked >= times)).await.expect("it is asked").unwrap();
    }
}

impl Shared {
    async fn answer(&self, headers: HeaderMap, take: impl FnOnce(&mut Taken)) -> StatusCode {
        self.asked.send_modify(|asked| *asked += 1);
        let mood = *self.mood.subscribe().wait_for(|&mood| mood != Mood::Silent).await.unwrap();
        if mood == Mood::Refuses {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        self.taken.send_modify(|taken| {
            taken.headers = headers;
            take(taken);
        });
        StatusCode::OK
    }
}

async fn traces(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let take = |taken: &mut Taken| {
        for resource in request.resource_spans {
            taken.resource = attributes(&resource.resource.unwrap().attributes);
            taken.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    };
    shared.answer(headers, take).await
}

async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let take = |taken: &mut Taken| {
        for resource in request.resource_metrics {
            taken.resource = attributes(&resource.resource.unwrap().attributes);
            let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            taken.metrics.extend(metrics.map(|metric| (metric.name.clone(), metric)));
        }
    };
    shared.answer(headers, take).await
}

impl Taken {
    /// The values of a counter, by the value of its one attribute, or by nothing.
    pub fn sums(&self, name: &str) -> BTreeMap<String, i64> {
        let Some(Data::Sum(sum)) = &self.metrics[name].data else { panic!("{name} is no sum") };
        let value = |point: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| match point.value {
            Some(number_data_point::Value::AsInt(value)) => value,
            other => panic!("{name}: {other:?}"),
        };
        sum.data_points
            .iter()
            .map(|point| (attributes(&point.attributes).into_values().collect(), value(point)))
            .collect()
    }

    /// How many values a histogram has, by `error.type`.
    pub fn counts(&self, name: &str) -> BTreeMap<String, u64> {
        let Some(Data::Histogram(histogram)) = &self.metrics[name].data else { panic!("{name} is no histogram") };
        let points = histogram.data_points.iter();
        points
            .map(|point| (attributes(&point.attributes).remove("error.type").unwrap_or_default(), point.count))
            .collect()
    }
}

/// Attributes as text.
pub fn attributes(list: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    list.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref().unwrap().value.as_ref().unwrap()))).collect()
}
