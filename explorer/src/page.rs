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

/// A path, its content type and its content, for a file of the page's folder.
macro_rules! page {
    ($content_type:expr, $name:literal) => {
        (concat!("/", $name), $content_type, include_str!(concat!("../page/", $name)))
    };
}

const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("../page/index.html")),
    page!(SVG, "icon.svg"),
    page!(CSS, "style.css"),
    page!(CSS, "tree.css"),
    page!(CSS, "charts.css"),
    page!(CSS, "panel.css"),
    page!(JAVASCRIPT, "chart.js"),
    page!(JAVASCRIPT, "columns.js"),
    page!(JAVASCRIPT, "curve.js"),
    page!(JAVASCRIPT, "data.js"),
    page!(JAVASCRIPT, "element.js"),
    page!(JAVASCRIPT, "explorer.js"),
    page!(JAVASCRIPT, "gestures.js"),
    page!(JAVASCRIPT, "hover.js"),
    page!(JAVASCRIPT, "lane.js"),
    page!(JAVASCRIPT, "lanes.js"),
    page!(JAVASCRIPT, "milestones.js"),
    page!(JAVASCRIPT, "panel.js"),
    page!(JAVASCRIPT, "period.js"),
    page!(JAVASCRIPT, "picture.js"),
    page!(JAVASCRIPT, "records.js"),
    page!(JAVASCRIPT, "states.js"),
    page!(JAVASCRIPT, "status.js"),
    page!(JAVASCRIPT, "strip.js"),
    page!(JAVASCRIPT, "text.js"),
    page!(JAVASCRIPT, "theme.js"),
    page!(JAVASCRIPT, "times.js"),
    page!(JAVASCRIPT, "toolbar.js"),
    page!(JAVASCRIPT, "tree.js"),
    page!(JAVASCRIPT, "values.js"),
    page!(JAVASCRIPT, "view.js"),
    ("/uPlot.js", JAVASCRIPT, include_str!("../vendor/uPlot.iife.min.js")),
    ("/uPlot.css", CSS, include_str!("../vendor/uPlot.min.css")),
];

pub(crate) fn router() -> Router {
    FILES
        .iter()
        .fold(Router::new(), |router, (path, content_type, content)| router.route(path, file(content_type, content)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that are names, or stand in a comment for people.
    const NOT_LOADED: [&str; 2] = ["http://www.w3.org/2000/svg", "https://github.com/leeoniya/uPlot"];

    #[test]
    fn nothing_names_an_address_elsewhere() {
        for (path, _, content) in FILES {
            let content = NOT_LOADED.iter().fold((*content).to_owned(), |content, known| content.replace(known, ""));
            for scheme in ["http:", "https:", "ws:", "wss:", "\"//", "'//", "(//", "@import"] {
                assert!(!content.contains(scheme), "{path} has {scheme}");
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_served_and_used() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let everything: String = FILES.iter().map(|(_, _, content)| *content).collect();
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != "index.html" {
                assert!(FILES.iter().any(|(path, ..)| path[1..] == name), "{name} is not served");
                assert!(everything.contains(&name), "{name} is not used");
            }
        }
    }

    /// Text from twins never becomes markup, since nothing here reads markup.
    #[test]
    fn no_script_writes_markup() {
        let scripts =
            FILES.iter().filter(|(path, content_type, _)| *content_type == JAVASCRIPT && *path != "/uPlot.js");
        for (path, _, content) in scripts {
            for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
                assert!(!content.contains(way), "{path} has {way}");
            }
        }
    }
}
