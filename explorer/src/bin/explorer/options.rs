//! The command line.

use std::net::SocketAddr;

use clap::{ArgAction, Parser, ValueEnum};
use event_hub_producer::TransportType;
use explorer::{Admission, Config, DEFAULT_CONSUMER_GROUP, Limits, Source};
use time::OffsetDateTime;

use crate::{settings::Hub, since, size};

/// Reads an event hub and shows on a page what the twins were and are.
///
/// The hub is that of the bridge's settings: EVENT_HUB with a connection string, or EVENT_HUB__fullyQualifiedNamespace
/// and EVENT_HUB_NAME, for which your own login is used (az login) and in Azure the managed identity. Ctrl-C ends.
#[derive(Parser)]
#[command(disable_help_flag = true)]
#[allow(clippy::doc_markdown, reason = "the help of a command is no Markdown")]
pub(crate) struct Options {
    /// The consumer group to read with. Five programs may use one at a time; make one for the explorer.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_CONSUMER_GROUP)]
    consumer_group: String,
    /// Read what the hub took since then: a time ago (24h, 7days) or a moment (2026-01-31T12:00:00Z). By default all
    /// that it retains.
    #[arg(long, value_name = "TIME", value_parser = since::parse)]
    since: Option<OffsetDateTime>,
    /// How AMQP travels. Where port 5671 is closed, WebSockets take port 443.
    #[arg(long, value_enum, default_value_t = Transport::Amqp)]
    transport: Transport,
    /// How much memory to keep history in. Past it the oldest points go.
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = size::parse)]
    keep: usize,
    /// Where to serve the page; by default 127.0.0.1:8080, or another port if that is taken. Elsewhere than on 127.0.0.1
    /// it takes a token, or App Service with its authentication on.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Who sees the page has to show this: ?token=… once in a browser, or the header Authorization: Bearer ….
    #[arg(long, value_name = "TOKEN", env = "EXPLORER_TOKEN", hide_env_values = true, value_parser = token)]
    token: Option<String>,
    /// Print help.
    #[arg(long, short, action = ArgAction::HelpLong)]
    help: Option<bool>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Transport {
    /// TLS on port 5671.
    Amqp,
    /// WebSockets on port 443.
    WebSockets,
}

impl Options {
    /// What the explorer is started with.
    pub(crate) fn config(&self, hub: Hub, app_service: bool, listen: SocketAddr) -> Config {
        let transport = match self.transport {
            Transport::Amqp => TransportType::Amqp,
            Transport::WebSockets => TransportType::WebSockets,
        };
        let consumer_group = self.consumer_group.clone();
        Config {
            listen,
            admission: Admission { token: self.token.clone(), app_service },
            source: Source { hub: hub.name, access: hub.access, transport, consumer_group, since: self.since },
            limits: Limits::within(self.keep),
        }
    }
}

/// A token that goes into a header and a cookie as it is, and that nobody guesses.
fn token(text: &str) -> Result<String, &'static str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_plain && text.len() >= 16 { Ok(text.to_owned()) } else { Err("must be 16 or more letters, digits, - and _") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_plain() {
        assert!(token("0123456789abcdef").is_ok());
        assert!(token("0123456789abcde").is_err());
        assert!(token("0123456789abcdef; Path=/").is_err());
    }
}
