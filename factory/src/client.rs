//! Requests to an instance: with a token where one is needed, and again where that helps.

use std::{sync::Arc, time::Duration};

use event_hub_producer::Credential;
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderValue},
    redirect::Policy,
};
use tokio::time::{Instant, sleep};

use crate::{
    address::Address,
    credential::{credential, token},
    error::Error,
    throttle::{Throttle, backoff, retry_after},
};

/// What the service is asked to be.
const API_VERSION: &str = "2023-10-31";

/// How long one request may take. The stand-in lets changes wait for a hub that is away.
const TIMEOUT: Duration = Duration::from_secs(120);

/// How long a request is tried again before it has failed.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How often a request is tried again that failed for another reason than that there are too many.
const RETRIES: u32 = 4;

/// A client of one instance, whose copies share connections, token and throttle.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: Address,
    credential: Option<Arc<Credential>>,
    throttle: Arc<Throttle>,
}

impl Client {
    /// A client of the instance at this address. Nothing is sent yet.
    pub(crate) fn new(address: &str) -> Result<Self, Error> {
        let address = Address::parse(address)?;
        let credential = if address.takes_token() { Some(credential()?) } else { None };
        // No redirect: a token must not go anywhere else.
        let mut http = reqwest::Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
        if credential.is_some() {
            http = http.https_only(true);
        } else {
            http = http.no_proxy();
        }
        let http = http.build().map_err(Error::Unreachable)?;
        Ok(Self { http, address, credential, throttle: Arc::default() })
    }

    /// A request about what these segments of a path name.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http.request(method, self.address.at(path)).query(&[("api-version", API_VERSION)])
    }

    /// A request for a further page.
    pub(crate) fn follow(&self, link: &str) -> Result<RequestBuilder, Error> {
        let elsewhere = || Error::Unreadable(format!("the next page is said to be at {link}"));
        Ok(self.http.get(self.address.follow(link).ok_or_else(elsewhere)?))
    }

    /// Sends a request until it succeeds or is refused. It may be carried out twice, where an answer got lost.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let request = request.build().map_err(Error::Unreachable)?;
        let (method, url) = (request.method().clone(), request.url().clone());
        let started = Instant::now();
        let mut failures = 0;
        loop {
            self.throttle.pass().await;
            // Bodies are bytes, which are always there to be sent again.
            let Some(attempt) = request.try_clone() else { return Err(Error::Unreadable("a stream".to_owned())) };
            let (wait, error) = match self.attempt(attempt).await {
                Ok(response) => match Verdict::of(&response, failures) {
                    Verdict::Success => return Ok(response),
                    Verdict::Refusal => return Err(Error::refusal(method, &url, response).await),
                    Verdict::Throttled(wait) => {
                        self.throttle.close(wait);
                        (wait, busy(&response, started.elapsed() + wait))
                    }
                    Verdict::Trouble(wait) => (wait, busy(&response, started.elapsed() + wait)),
                },
                // A change that takes so long may still be made.
                Err(Error::Unreachable(error)) if !error.is_timeout() && failures < RETRIES => {
                    (backoff(failures), Error::Unreachable(error))
                }
                Err(error) => return Err(error),
            };
            if started.elapsed() + wait > PATIENCE {
                return Err(error);
            }
            sleep(wait).await;
            failures += 1;
        }
    }

    async fn attempt(&self, mut request: reqwest::Request) -> Result<Response, Error> {
        if let Some(credential) = &self.credential {
            let bearer = format!("Bearer {}", token(credential).await?);
            let mut value =
                HeaderValue::try_from(bearer).map_err(|_| Error::NoToken("The token is no text.".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.http.execute(request).await.map_err(Error::Unreachable)
    }
}

/// What an answer means for the request.
enum Verdict {
    Success,
    Refusal,
    /// There are too many requests: all of them wait.
    Throttled(Duration),
    /// The service is in trouble with this one, and not for the last time yet.
    Trouble(Duration),
}

impl Verdict {
    fn of(response: &Response, failures: u32) -> Self {
        let wait = || retry_after(response.headers()).unwrap_or_else(|| backoff(failures));
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Self::Throttled(wait()),
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
                if failures < RETRIES =>
            {
                Self::Trouble(wait())
            }
            status if status.is_success() => Self::Success,
            _ => Self::Refusal,
        }
    }
}

fn busy(response: &Response, waited: Duration) -> Error {
    Error::Busy { status: response.status(), waited: Duration::from_secs(waited.as_secs()) }
}
