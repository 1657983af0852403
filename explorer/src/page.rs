//! The page: files that are part of the binary.

use axum::{
    Router,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::{MethodRouter, get},
};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Nothing comes from anywhere else, and nothing is written into the page that could be a script.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

pub(crate) fn router() -> Router {
    Router::new()
        .route("/", file(HTML, include_str!("../page/index.html")))
        .route("/icon.svg", file(SVG, include_str!("../page/icon.svg")))
        .route("/style.css", file(CSS, include_str!("../page/style.css")))
        .route("/explorer.js", file(JAVASCRIPT, include_str!("../page/explorer.js")))
        .route("/chart.js", file(JAVASCRIPT, include_str!("../page/chart.js")))
        .route("/data.js", file(JAVASCRIPT, include_str!("../page/data.js")))
        .route("/element.js", file(JAVASCRIPT, include_str!("../page/element.js")))
        .route("/hover.js", file(JAVASCRIPT, include_str!("../page/hover.js")))
        .route("/lanes.js", file(JAVASCRIPT, include_str!("../page/lanes.js")))
        .route("/records.js", file(JAVASCRIPT, include_str!("../page/records.js")))
        .route("/states.js", file(JAVASCRIPT, include_str!("../page/states.js")))
        .route("/text.js", file(JAVASCRIPT, include_str!("../page/text.js")))
        .route("/theme.js", file(JAVASCRIPT, include_str!("../page/theme.js")))
        .route("/tree.js", file(JAVASCRIPT, include_str!("../page/tree.js")))
        .route("/view.js", file(JAVASCRIPT, include_str!("../page/view.js")))
        .route("/uPlot.js", file(JAVASCRIPT, include_str!("../vendor/uPlot.iife.min.js")))
        .route("/uPlot.css", file(CSS, include_str!("../vendor/uPlot.min.css")))
}

fn file(content_type: &'static str, content: &'static str) -> MethodRouter {
    get(move || async move {
        let headers: [(HeaderName, &str); 5] = [
            (header::CONTENT_TYPE, content_type),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            // Another version of the program has other files under the same names.
            (header::CACHE_CONTROL, "no-cache"),
        ];
        (headers, content).into_response()
    })
}
