//! A connection to the hub: who we are is proven on it, the hub is asked what it has, and links get their sessions.

use std::{sync::Arc, time::Duration};

use event_hub_producer::{Token, connect};
use fe2o3_amqp::{Session, connection::ConnectionHandle, session::SessionHandle};
use fe2o3_amqp_cbs::{client::CbsClient, token::CbsToken};
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::timeout};

use super::{
    fault::Fault,
    management::{Description, Management},
    trouble::Trouble,
};
use crate::{progress::End, source::Source};

/// How long the namespace's port may be silent, and how long an answer of the hub may take.
const CONNECTING: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(20);

/// A program that asks for a login may wait for somebody to type.
const LOGIN: Duration = Duration::from_secs(120);

/// The time for links to be closed in order.
const CLOSING: Duration = Duration::from_secs(1);

/// A new token is put when the old one has less than this left. Less than the margin of caches of tokens, which answer
/// with the old one before theirs.
const NEARLY_EXPIRED: time::Duration = time::Duration::minutes(4);

/// An open connection.
pub(super) struct Hub {
    connection: Mutex<ConnectionHandle<()>>,
    pub(super) source: Arc<Source>,
}

/// The part of the connection on which questions are asked.
pub(super) struct Control {
    hub: String,
    resource: String,
    token: Token,
    management: Management,
    session: SessionHandle<()>,
}

impl Hub {
    /// Connects, proves who we are, and asks what the hub has.
    pub(super) async fn open(source: &Arc<Source>) -> Result<(Self, Control, Description), Fault> {
        let connecting = timeout(CONNECTING, connect(&source.access, source.transport)).await;
        let silent = |_| Trouble::Unreachable(format!("no answer within {} s", CONNECTING.as_secs()));
        let mut connection = connecting.map_err(silent).map_err(Fault::of_connection)??;
        let resource = format!("amqps://{}/{}", source.access.host(), source.hub);
        let token = token(source, &resource).await?;
        let proving = async {
            let mut session = Session::begin(&mut connection).await?;
            // Boxed, as it would make every future around it large.
            Box::pin(put(&mut session, &resource, &token)).await?;
            let mut management = Box::pin(Management::attach(&mut session, &name())).await?;
            let description = management.hub(&source.hub, &token.secret).await?;
            let hub = source.hub.clone();
            Ok((Control { hub, resource, token, management, session }, description))
        };
        let (control, description) = answered(proving).await?;
        let hub = Self { connection: Mutex::new(connection), source: Arc::clone(source) };
        Ok((hub, control, description))
    }

    /// A session for a link. Each link has its own, so that nothing that ends with it ends anything else.
    pub(super) async fn session(&self) -> Result<SessionHandle<()>, Fault> {
        let mut connection = self.connection.lock().await;
        answered(async { Ok(Session::begin(&mut connection).await?) }).await
    }
}

impl Control {
    /// What the hub is now.
    pub(super) async fn describe(&mut self) -> Result<Description, Fault> {
        answered(self.management.hub(&self.hub, &self.token.secret)).await
    }

    /// Where a partition ends.
    pub(super) async fn partition(&mut self, id: &str) -> Result<End, Fault> {
        answered(self.management.partition(&self.hub, id, &self.token.secret)).await
    }

    /// Puts another token before this one expires, when the hub would close all links.
    pub(super) async fn renew(&mut self, source: &Source) -> Result<(), Fault> {
        let is_good = |expires_on: OffsetDateTime| OffsetDateTime::now_utc() + NEARLY_EXPIRED < expires_on;
        if self.token.expires_on.is_none_or(is_good) {
            return Ok(());
        }
        self.token = token(source, &self.resource).await?;
        answered(Box::pin(put(&mut self.session, &self.resource, &self.token))).await
    }
}

async fn token(source: &Source, resource: &str) -> Result<Token, Fault> {
    let missing = |why: String| Fault::of_connection(Trouble::NoLogin(why));
    match timeout(LOGIN, Token::new(&source.access, resource)).await {
        Ok(token) => token.map_err(|error| missing(error.to_string())),
        Err(_) => Err(missing(format!("none within {} s", LOGIN.as_secs()))),
    }
}

async fn put(session: &mut SessionHandle<()>, resource: &str, token: &Token) -> Result<(), Fault> {
    let mut tokens = CbsClient::builder().client_node_addr(name()).attach(session).await?;
    tokens.put_token(resource, CbsToken::new(&*token.secret, token.kind, None)).await?;
    // Kept open it would be closed by the hub, after ten minutes without a request.
    let _ = timeout(CLOSING, tokens.close()).await;
    Ok(())
}

/// What the hub answers, if it does in time.
async fn answered<T>(answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    timeout(ANSWER, answer).await.unwrap_or_else(|_| Err(Fault::of_connection(Trouble::NoAnswer)))
}

/// A name for a link that no other has.
fn name() -> String {
    format!("explorer-{:016x}", fastrand::u64(..))
}
