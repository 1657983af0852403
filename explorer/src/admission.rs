//! Who may see the page and ask for its data.
//!
//! On loopback that is whoever uses this computer, and no page of another site that a browser here has open: such a page
//! can let its own name point to 127.0.0.1 (DNS rebinding), but not change the name in `Host`. Elsewhere it is who has
//! the token, or whom App Service has let in.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, uri::Authority},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};

use crate::problem;

/// The header in which App Service names who is logged in. It takes it out of requests from outside, but only where its
/// authentication is on. Source: learn.microsoft.com, "Work with user identities in Azure App Service authentication".
const PRINCIPAL: &str = "x-ms-client-principal-id";

/// The cookie into which a browser gets the token, so that it stands in no address.
const COOKIE: &str = "explorer-token";

/// Who may see the page, beside that a loopback address is called by its own name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Admission {
    /// Who has this token.
    pub token: Option<String>,
    /// Whom App Service has let in. Only where it stands before the explorer with its authentication on.
    pub app_service: bool,
}

impl fmt::Debug for Admission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "…");
        formatter.debug_struct("Admission").field("token", &token).field("app_service", &self.app_service).finish()
    }
}

impl Admission {
    /// Lets in only who may.
    pub(crate) fn guard(self, router: Router, is_loopback: bool) -> Router {
        let door = Door { admission: self, is_loopback };
        router.layer(from_fn_with_state(Arc::new(door), pass))
    }
}

struct Door {
    admission: Admission,
    is_loopback: bool,
}

async fn pass(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    match door.decide(request.uri(), request.headers()) {
        Decision::Enter => next.run(request).await,
        Decision::Answer(answer) => *answer,
    }
}

enum Decision {
    Enter,
    Answer(Box<Response>),
}

impl Door {
    fn decide(&self, uri: &Uri, headers: &HeaderMap) -> Decision {
        let answer = |status, detail| Decision::Answer(Box::new(problem::answer(status, detail)));
        if self.is_loopback && !is_local(host(uri, headers)) {
            return answer(
                StatusCode::MISDIRECTED_REQUEST,
                "The explorer listens on this computer only, as localhost and 127.0.0.1.",
            );
        }
        let Admission { token, app_service } = &self.admission;
        if token.is_none() && !app_service || *app_service && headers.contains_key(PRINCIPAL) {
            return Decision::Enter;
        }
        let Some(token) = token else {
            return answer(StatusCode::UNAUTHORIZED, "App Service has let nobody in. Log in there.");
        };
        if bearer(headers).or_else(|| cookie(headers)).is_some_and(|shown| is_same(shown, token)) {
            return Decision::Enter;
        }
        match shown_in(uri) {
            (Some(shown), rest) if is_same(&shown, token) => keep(token, &rest),
            _ => answer(
                StatusCode::UNAUTHORIZED,
                "A token is needed: ?token=… once in a browser, or the header Authorization: Bearer ….",
            ),
        }
    }
}

/// The name by which we are called; in HTTP/2 it stands in the address.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or(uri.authority().map(Authority::as_str)).unwrap_or_default()
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies.flat_map(|cookies| cookies.split("; ")).find_map(|cookie| cookie.strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The token in the address, and the address without it.
fn shown_in(uri: &Uri) -> (Option<String>, String) {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let (shown, rest): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == "token");
    let rest = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
    let path = uri.path();
    let address = if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") };
    (shown.into_iter().next().map(|(_, token)| token.into_owned()), address)
}

/// Puts the token into a cookie, and leads to the address without it.
fn keep(token: &str, address: &str) -> Decision {
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict");
    // An address that begins with two slashes would name another host.
    let address = format!("/{}", address.trim_start_matches('/'));
    let headers = [HeaderValue::try_from(cookie), HeaderValue::try_from(address)];
    let [Ok(cookie), Ok(address)] = headers else {
        return Decision::Answer(Box::new(StatusCode::BAD_REQUEST.into_response()));
    };
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::LOCATION, address),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Decision::Answer(Box::new((StatusCode::SEE_OTHER, headers).into_response()))
}

/// Compares in a time that does not tell how far two tokens are the same.
fn is_same(shown: &str, token: &str) -> bool {
    let differences = shown.bytes().zip(token.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    shown.len() == token.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(door: &Door, uri: &str, headers: &[(&'static str, &str)]) -> (u16, HeaderMap) {
        let named = headers
            .iter()
            .map(|(name, value)| (axum::http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        match door.decide(&uri.parse().unwrap(), &named.collect()) {
            Decision::Enter => (200, HeaderMap::new()),
            Decision::Answer(answer) => (answer.status().as_u16(), answer.headers().clone()),
        }
    }

    #[test]
    fn on_loopback_only_by_its_own_name() {
        let door = Door { admission: Admission::default(), is_loopback: true };
        for host in ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
            assert_eq!(ask(&door, "/", &[("host", host)]).0, 200, "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            assert_eq!(ask(&door, "/", &[("host", host)]).0, 421, "{host}");
        }
        assert_eq!(ask(&door, "/", &[]).0, 421);
    }

    #[test]
    fn a_token_comes_in_a_header_a_cookie_or_once_in_the_address() {
        let admission = Admission { token: Some("s3cret".to_owned()), app_service: false };
        let door = Door { admission, is_loopback: false };
        assert_eq!(ask(&door, "/api/overview", &[]).0, 401);
        assert_eq!(ask(&door, "/", &[("authorization", "Bearer s3cret")]).0, 200);
        assert_eq!(ask(&door, "/", &[("authorization", "Bearer s3cre")]).0, 401);
        assert_eq!(ask(&door, "/", &[("cookie", "a=b; explorer-token=s3cret")]).0, 200);
        assert_eq!(ask(&door, "/", &[("cookie", "explorer-token=other")]).0, 401);
        assert_eq!(ask(&door, "/?token=other", &[]).0, 401);
        assert_eq!(ask(&door, "/", &[("x-ms-client-principal-id", "me")]).0, 401, "nobody vouches for the header");
        let (status, headers) = ask(&door, "//evil.example/x?a=1&token=s3cret&b=2", &[]);
        assert_eq!((status, headers["location"].to_str().unwrap()), (303, "/evil.example/x?a=1&b=2"));
        assert_eq!(headers["set-cookie"], "explorer-token=s3cret; Path=/; HttpOnly; SameSite=Strict");
    }

    #[test]
    fn whom_app_service_lets_in_is_let_in() {
        let door = Door { admission: Admission { token: None, app_service: true }, is_loopback: false };
        assert_eq!(ask(&door, "/", &[]).0, 401);
        assert_eq!(ask(&door, "/", &[("x-ms-client-principal-id", "me")]).0, 200);
        assert!(!format!("{:?}", Admission { token: Some("s3cret".to_owned()), app_service: true }).contains("s3cret"));
    }
}
