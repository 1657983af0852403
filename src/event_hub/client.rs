//! The SDK's producer, made safe: every call has a deadline, and a client that may be broken is thrown away.

use std::{cell::RefCell, rc::Rc, time::Duration};

use azure_core::time::{Duration as AzureDuration, OffsetDateTime};
use azure_core_amqp::{
    AmqpMessage, AmqpSymbol,
    message::{AmqpAnnotations, AmqpMessageProperties},
};
use azure_messaging_eventhubs::{EventDataBatch, EventDataBatchOptions, ProducerClient, RetryOptions};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Messages, SendError, Status, credential::Credential, health::Health, job::Job, message::Message, outcome};
use crate::settings::{Access, EventHubSettings};

/// The time to open a client: connection, TLS, token and the hub's own description.
const OPENING: Duration = Duration::from_secs(5);

/// The time for a connection to be closed, which matters to nobody but the hub.
const CLOSING: Duration = Duration::from_secs(2);

/// AMQP without TLS, as the emulator serves it.
const EMULATOR_PORT: u16 = 5672;

/// The one connection to the hub, opened when it is needed and replaced when it is lost.
#[derive(Debug)]
pub(super) struct Connection {
    settings: EventHubSettings,
    current: RefCell<Option<Rc<Client>>>,
    opening: Mutex<()>,
    health: Health,
}

impl Connection {
    pub(super) fn new(settings: EventHubSettings, status: watch::Sender<Status>) -> Self {
        let health = Health::new(settings.name.clone(), status);
        Self { settings, current: RefCell::default(), opening: Mutex::default(), health }
    }

    /// The client, opened now if there is none, or if the one there is has a token that expires soon.
    pub(super) async fn client(&self) -> Result<Rc<Client>, SendError> {
        let _one_at_a_time = self.opening.lock().await;
        let current = self.current.borrow().clone();
        match current {
            Some(client) if client.good_until.is_none_or(|end| Instant::now() < end) => return Ok(client),
            // What the lanes have under way on it comes to its end.
            Some(_) => drop(self.current.take().map(|client| tokio::task::spawn_local(close(client)))),
            None => {}
        }
        let client = timeout(OPENING, Client::open(&self.settings)).await.map_err(|_| SendError::NoAnswer)??;
        let client = Rc::new(client);
        self.current.replace(Some(Rc::clone(&client)));
        Ok(client)
    }

    /// Takes note of how something ended that was asked of the hub, and drops a client that may be broken.
    pub(super) fn ended(&self, client: Option<&Rc<Client>>, result: Result<(), &SendError>) {
        match (client, result) {
            (_, Ok(())) => self.health.good(),
            (None, Err(error)) => self.health.failing(error),
            (Some(client), Err(error)) => {
                self.health.failing(error);
                if error.breaks_client() {
                    self.discard(client);
                }
            }
        }
    }

    /// Throws the client away, unless that has been done already, and tells the lanes that still wait for it.
    fn discard(&self, client: &Rc<Client>) {
        let mut current = self.current.borrow_mut();
        if current.as_ref().is_some_and(|current| Rc::ptr_eq(current, client)) {
            client.lost.cancel();
            if let Some(client) = current.take() {
                tokio::task::spawn_local(close(client));
            }
        }
    }

    /// Closes the connection in order.
    pub(super) async fn close(&self) {
        let client = self.current.take();
        if let Some(client) = client {
            close(client).await;
        }
    }
}

/// Closes the client as soon as no lane holds it any more.
async fn close(mut client: Rc<Client>) {
    let closing = async {
        loop {
            match Rc::try_unwrap(client) {
                Ok(client) => return client.producer.close().await,
                Err(shared) => {
                    client = shared;
                    sleep(CLOSING / 100).await;
                }
            }
        }
    };
    let _ = timeout(CLOSING, closing).await;
}

/// One connection's producer and what the hub said of itself when it was opened.
pub(super) struct Client {
    producer: ProducerClient,
    partition_ids: Vec<String>,
    /// When to take a new client for the sake of a new token.
    ///
    /// The SDK would renew a token on the connection six minutes before it expires. But `azure_identity` answers with
    /// the old one until five minutes before, and then the SDK takes it for one that can't be renewed, for good.
    good_until: Option<Instant>,
    /// Cancelled when any lane finds the connection lost, since a send in flight would wait for ever.
    lost: CancellationToken,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("partition_ids", &self.partition_ids).finish_non_exhaustive()
    }
}

impl Client {
    async fn open(settings: &EventHubSettings) -> Result<Self, SendError> {
        // The SDK's own retries would hide throttling for up to 52 s; those of the lanes stay inside the budget.
        let no_retries = RetryOptions { max_retries: 0, max_total_elapsed: AzureDuration::ZERO, ..Default::default() };
        let builder = ProducerClient::builder().with_retry_options(no_retries);
        let mut credential = None;
        let producer = match &settings.access {
            Access::ConnectionString(access) => {
                let builder = match (access.use_development_emulator, access.port) {
                    (true, port) => {
                        let port = port.unwrap_or(EMULATOR_PORT);
                        builder.with_custom_endpoint(format!("amqp://{}:{port}", access.host))
                    }
                    (false, Some(port)) => builder.with_custom_endpoint(format!("amqps://{}:{port}", access.host)),
                    (false, None) => builder,
                };
                builder.open_with_connection_string(&access.for_namespace(), Some(&settings.name)).await?
            }
            Access::ManagedIdentity { namespace, client_id } => {
                let identity = credential.insert(Credential::managed_identity(client_id.as_deref())?);
                builder.open(namespace, &settings.name, identity.clone()).await?
            }
            Access::DeveloperLogin { namespace } => {
                let login = credential.insert(Credential::developer_login()?);
                builder.open(namespace, &settings.name, login.clone()).await?
            }
        };
        let partition_ids = producer.get_eventhub_properties().await?.partition_ids;
        let good_until = match credential {
            Some(credential) => credential.expires_on().await.map(good_until),
            None => None,
        };
        Ok(Self { producer, partition_ids, good_until, lost: CancellationToken::new() })
    }

    pub(super) fn partition_ids(&self) -> &[String] {
        &self.partition_ids
    }

    /// Sends as many of the messages as one batch holds, in order, and answers how many the hub accepted.
    ///
    /// Messages that no event can hold are split where they can be; a job with one that can't is refused before any of
    /// its messages is sent. After `limit` the outcome is unknown, and the messages have to be sent again on a new client:
    /// repeats, which consumers can drop by their ids.
    pub(super) async fn send(
        &self,
        partition_id: &str,
        jobs: impl IntoIterator<Item = &mut Job>,
        most: usize,
        limit: Duration,
    ) -> Result<usize, SendError> {
        self.guarded(limit, async {
            let batch = self.batch(partition_id).await?;
            'filled: for job in jobs {
                if job.is_untouched() && job.remaining().iter().any(Message::is_large) {
                    if !batch.is_empty() {
                        break;
                    }
                    self.make_fit(partition_id, job).await?;
                }
                for message in job.remaining() {
                    if batch.len() == most
                        || !batch.try_add_amqp_message(amqp_message(job.messages(), message), None)?
                    {
                        break 'filled;
                    }
                }
            }
            // The SDK panics when it sends an empty batch.
            if batch.is_empty() {
                return Err(SendError::TooLarge);
            }
            let count = batch.len();
            outcome::accepted(self.producer.send_batch(batch, None)).await?;
            Ok(count)
        })
        .await
    }

    /// Tries each large message of the job in a batch of its own, which is not sent, and splits those that do not fit.
    async fn make_fit(&self, partition_id: &str, job: &mut Job) -> Result<(), SendError> {
        let mut index = 0;
        while let Some(message) = job.messages().list().get(index) {
            let fits = !message.is_large()
                || self.batch(partition_id).await?.try_add_amqp_message(amqp_message(job.messages(), message), None)?;
            if fits {
                index += 1;
            } else if !job.messages_mut().split(index) {
                return Err(SendError::TooLarge);
            }
        }
        Ok(())
    }

    async fn batch(&self, partition_id: &str) -> Result<EventDataBatch<'_>, SendError> {
        let options = EventDataBatchOptions { partition_id: Some(partition_id.to_owned()), ..Default::default() };
        Ok(self.producer.create_batch(Some(options)).await?)
    }

    /// Runs a call of the SDK until it ends, its time is up, or another lane finds the connection lost.
    async fn guarded<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, SendError>>,
    ) -> Result<T, SendError> {
        tokio::select! {
            // Boxed: the SDK's futures are large.
            result = timeout(limit, Box::pin(call)) => result.unwrap_or(Err(SendError::NoAnswer)),
            () = self.lost.cancelled() => Err(SendError::Unreachable("the connection was lost".to_owned())),
        }
    }
}

/// Four minutes before the token expires, when a new one is to be had; but not at once if it is not.
fn good_until(expires_on: OffsetDateTime) -> Instant {
    let left = Duration::try_from(expires_on - OffsetDateTime::now_utc()).unwrap_or_default();
    Instant::now() + left.saturating_sub(Duration::from_secs(4 * 60)).max(Duration::from_secs(5))
}

impl Messages {
    /// The events as they travel: what a lane hands to the SDK.
    pub fn to_amqp(&self) -> impl Iterator<Item = AmqpMessage> {
        self.list().iter().map(|message| amqp_message(self, message))
    }
}

/// The event as it travels. Each keeps its own partition key, as Microsoft's buffered producers do it, although the
/// batch goes to the partition by its id.
fn amqp_message(messages: &Messages, message: &Message) -> AmqpMessage {
    let mut annotations = AmqpAnnotations::new();
    annotations.insert(AmqpSymbol::from("x-opt-partition-key"), &*messages.partition_key);
    let mut builder = AmqpMessage::builder()
        .with_properties(AmqpMessageProperties {
            message_id: Some(messages.id(message).to_owned().into()),
            content_type: Some(AmqpSymbol::from("application/json")),
            ..Default::default()
        })
        .with_message_annotations(annotations)
        .with_body(messages.body(message));
    if let Some(traceparent) = &messages.traceparent {
        builder = builder.add_application_property("Diagnostic-Id".to_owned(), traceparent.clone());
    }
    if let Some((table, format)) = messages.routing(message) {
        builder = builder
            .add_application_property("Table".to_owned(), table.to_owned())
            .add_application_property("Format".to_owned(), format.to_owned());
    }
    builder.build()
}
