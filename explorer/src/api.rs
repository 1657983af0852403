//! The data behind the page, over HTTP. All answers are JSON unless they say otherwise.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::header,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, stream};
use parking_lot::RwLock;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};

use crate::{
    branch::{Branch, Model, Wanted},
    curve::Curve,
    export::{self, Format},
    lifecycle::Milestone,
    moment,
    overview::Overview,
    problem::Problem,
    progress::Progress,
    query::Query,
    raw_records::RawRecord,
    store::Store,
};

/// No page is told more often than this that something has changed.
const LIVE: Duration = Duration::from_millis(500);

/// Up to how many twins or records one answer has.
const PAGE: usize = 500;

/// What all requests share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<RwLock<Store>>,
    pub(crate) progress: watch::Receiver<Progress>,
    /// Ticks when records were taken in.
    pub(crate) taken: watch::Receiver<()>,
}

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/api/overview", get(overview))
        .route("/api/twins", get(twins))
        .route("/api/models", get(models))
        .route("/api/series", get(series))
        .route("/api/lifecycle", get(lifecycle))
        .route("/api/records", get(records))
        .route("/api/export", get(export))
        .route("/api/live", get(live))
        .with_state(shared)
}

impl Shared {
    fn overview(&self) -> Overview {
        Overview::of(&self.store.read(), &self.progress.borrow())
    }
}

/// What must not be taken from a cache.
fn fresh(document: impl Serialize) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(document))
}

async fn overview(shared: State<Shared>) -> impl IntoResponse {
    fresh(shared.overview())
}

async fn twins(shared: State<Shared>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, Problem> {
    let query = Query::parse(query.as_deref(), &["under", "model", "search", "skip", "limit"])?;
    let wanted = match (query.text("under"), query.text("model"), query.text("search")) {
        (None, None, None) => Wanted::Top,
        (Some(parent), None, None) => Wanted::Under(parent),
        (None, Some(model), None) => Wanted::Of(model),
        (None, None, Some(text)) => Wanted::Named(text),
        _ => return Err(Problem("Only one of under, model and search can be answered at once.".to_owned())),
    };
    let (skip, limit) = (query.number("skip", 0, 0, usize::MAX)?, query.number("limit", 100, 1, PAGE)?);
    Ok(fresh(Branch::of(&shared.store.read(), wanted, skip, limit)))
}

async fn models(shared: State<Shared>) -> impl IntoResponse {
    fresh(json!({"models": Model::all(&shared.store.read())}))
}

async fn series(shared: State<Shared>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, Problem> {
    let query = Query::parse(query.as_deref(), &["series", "from", "to", "interval", "width"])?;
    let mut window = query.window()?;
    let names = query.at_least_one_series()?;
    let store = shared.store.read();
    if let Some((first, last)) = store.reach(moment::of_system(std::time::SystemTime::now())) {
        // A window without an end is as wide as what there is.
        window.from = if query.text("from").is_none() { first } else { window.from };
        window.to = if query.text("to").is_none() { last.max(window.from) } else { window.to };
    }
    let curves: Vec<_> = names
        .iter()
        .map(|name| Curve::draw(&name.twin, &name.key, store.series(&name.twin, &name.key), &window))
        .collect();
    drop(store);
    let (from, to) = (moment::milliseconds(window.from), moment::milliseconds(window.to));
    Ok(fresh(json!({"from": from, "to": to, "series": curves})))
}

async fn lifecycle(shared: State<Shared>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, Problem> {
    let query = Query::parse(query.as_deref(), &["twin", "from", "to", "limit"])?;
    let (twins, span) = (query.texts("twin"), query.span()?);
    let limit = query.number("limit", PAGE, 1, PAGE)?;
    let store = shared.store.read();
    let mut found = store.lifecycle().newest(span, &twins);
    let milestones: Vec<_> = found.by_ref().take(limit).map(told).collect();
    let total = milestones.len() + found.count();
    Ok(fresh(json!({"total": total, "milestones": milestones})))
}

fn told(milestone: &Milestone) -> Value {
    let link = milestone.relationship.as_ref();
    let link = link.map(|link| json!({"id": &*link.id, "name": &*link.name, "target": &*link.target}));
    json!({
        "time": moment::milliseconds(milestone.time),
        "twin": &*milestone.twin,
        "relationship": link,
        "ends": milestone.ends,
    })
}

async fn records(shared: State<Shared>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, Problem> {
    let query = Query::parse(query.as_deref(), &["series", "twin", "before", "limit"])?;
    let (names, twin) = (query.series()?, query.text("twin"));
    let before = query.number("before", usize::MAX, 0, usize::MAX)? as u64;
    let limit = query.number("limit", 100, 1, PAGE)?;
    let wanted = |record: &&RawRecord| {
        let about = record.twin.as_deref();
        let of_series =
            || names.iter().any(|name| about == Some(&*name.twin) && record.keys.iter().any(|key| **key == *name.key));
        twin.is_none_or(|twin| about == Some(twin)) && (names.is_empty() || of_series())
    };
    let store = shared.store.read();
    let found: Vec<_> = store.raw().newest(Some(before)).filter(wanted).take(limit).map(described).collect();
    let kept = store.raw().len();
    drop(store);
    Ok(fresh(json!({"kept": kept, "records": found})))
}

fn described(record: &RawRecord) -> Value {
    json!({
        "number": record.number,
        "partition": &*record.origin.partition,
        "sequenceNumber": record.origin.sequence_number,
        "enqueued": moment::milliseconds(record.origin.enqueued),
        "twin": record.twin.as_deref(),
        "keys": record.keys.iter().map(|key| &**key).collect::<Vec<_>>(),
        "remark": record.remark,
        "text": &*record.text,
    })
}

async fn export(shared: State<Shared>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, Problem> {
    let query = Query::parse(query.as_deref(), &["series", "from", "to", "format"])?;
    let format = Format::parse(query.text("format"))?;
    let names = query.at_least_one_series()?;
    let file = export::file(Arc::clone(&shared.store), format, names, query.span()?);
    let disposition = format!("attachment; filename=\"twins.{}\"", format.extension());
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file))
}

async fn live(State(mut shared): State<Shared>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // The first overview is due at once.
    shared.taken.mark_changed();
    let overviews = stream::unfold(shared, |mut shared| async move {
        tokio::select! {
            changed = shared.taken.changed() => changed.ok()?,
            changed = shared.progress.changed() => changed.ok()?,
        }
        let overview = Event::default().json_data(shared.overview()).unwrap_or_default();
        Some((Ok(overview), shared))
    });
    // The pause comes after each, so that whatever happens meanwhile is told in one.
    let overviews = futures::StreamExt::then(overviews, |overview| async move {
        sleep(LIVE).await;
        overview
    });
    Sse::new(overviews).keep_alive(KeepAlive::default())
}
