//! The trace contexts of a delivery's notifications.

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{Link, SpanContext, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// How many contexts a span links to: the limit that the SDK has where `OTEL_SPAN_LINK_COUNT_LIMIT` sets none.
const MOST: usize = 128;

/// The distinct trace contexts of a delivery, at most [`MOST`] of them.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    list: Vec<SpanContext>,
    /// Whether they are of more than one trace.
    several: bool,
}

impl Contexts {
    /// Adds what a notification says in its `traceparent`, if that is a trace context.
    pub(super) fn add(&mut self, traceparent: &str) {
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(traceparent));
        let context = context.span().span_context().clone();
        if !context.is_valid() {
            return;
        }
        self.several |= self.list.first().is_some_and(|first| first.trace_id() != context.trace_id());
        if self.list.len() < MOST && !self.list.contains(&context) {
            self.list.push(context);
        }
    }

    /// What the delivery's span continues: the first notification's, if all are of its trace. No context otherwise.
    pub(super) fn parent(&self) -> Context {
        let first = self.list.first().filter(|_| !self.several);
        first.map_or_else(Context::new, |first| Context::new().with_remote_span_context(first.clone()))
    }

    /// Links to all of them.
    pub(super) fn links(&self) -> Vec<Link> {
        self.list.iter().cloned().map(|context| Link::new(context, Vec::new(), 0)).collect()
    }
}

/// The only header that there is.
struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00-18f4e34b3e4a784aadf5913917537e7d-691a71e0a220d642-01";
    const ALSO_A: &str = "00-18f4e34b3e4a784aadf5913917537e7d-0000000000000002-01";
    const B: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// The parent's span id, and how many links there are.
    fn of(traceparents: &[&str]) -> (Option<String>, usize) {
        let mut contexts = Contexts::default();
        for traceparent in traceparents {
            contexts.add(traceparent);
        }
        let parent = contexts.parent();
        let id = parent.has_active_span().then(|| parent.span().span_context().span_id().to_string());
        (id, contexts.links().len())
    }

    #[test]
    fn one_trace_is_continued_and_several_are_linked() {
        let first = Some("691a71e0a220d642".to_owned());
        assert_eq!(of(&[A]), (first.clone(), 1));
        assert_eq!(of(&[A, A, ALSO_A]), (first, 2));
        assert_eq!(of(&[A, ALSO_A, B]), (None, 3));
    }

    #[test]
    fn what_is_no_trace_context_is_left_out() {
        let zero = "00-00000000000000000000000000000000-0000000000000000-01";
        assert_eq!(of(&["", "none", "|18f4e34b.691a71e0.", zero]), (None, 0));
    }

    #[test]
    fn a_large_delivery_has_no_more_links_than_the_limit_but_is_judged_whole() {
        let mut list: Vec<_> =
            (1..=200).map(|span| format!("00-18f4e34b3e4a784aadf5913917537e7d-{span:016x}-01")).collect();
        let texts = |list: &[String]| of(&list.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(texts(&list), (Some("0000000000000001".to_owned()), MOST));
        list.push(B.to_owned());
        assert_eq!(texts(&list), (None, MOST));
    }
}
