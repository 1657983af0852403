//! The command line.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{self, PathBuf},
};

use clap::{ArgAction, CommandFactory, Parser, ValueEnum, error::ErrorKind};
use factory::Production;
use local_azure::event_grid::Schema;

/// Runs twin-bridge on this machine with stand-ins for all of Azure around it, on loopback only.
///
/// The twins of a chocolate factory change, the notifications reach the bridge over Event Grid, Event Hubs or Service Bus,
/// the bridge records them in the event hub, and a page draws their history. Ctrl-C ends.
#[derive(Parser)]
#[command(disable_help_flag = true)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Options {
    /// How many twins the factory has.
    #[arg(long, value_name = "N", default_value_t = factory::LAB)]
    pub(crate) twins: usize,
    /// How many changes there are a second; by default each step changes every 2 seconds. From 200 on the bridge puts
    /// the records of a change into one event (`EVENT_HUB_BODY=lines`), unless the environment says otherwise. From 500
    /// on all of it is built with optimisation first.
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Which changes there are: the same seed gives the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The schema of the events, on the ways over Event Grid.
    #[arg(long, value_enum, default_value_t = Schema::EventGrid)]
    pub(crate) schema: Schema,
    /// The filter of the event route, for instance "type = 'Microsoft.DigitalTwins.Twin.Update'".
    #[arg(long, value_name = "EXPRESSION", default_value = "true")]
    pub(crate) filter: String,
    /// The way by which the notifications reach the bridge.
    #[arg(long, value_enum, default_value_t = Way::Webhook)]
    pub(crate) way: Way,
    /// Deliver to this webhook, that of `func start` for instance, instead of running a host and a handler. Only on the
    /// ways over Event Grid.
    #[arg(long, value_name = "URL", conflicts_with_all = ["handler", "once"])]
    pub(crate) webhook: Option<String>,
    /// Multiply the times between Event Grid's attempts, so that its retries can be watched: 0.01 makes minutes of hours.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) time_scale: f64,
    /// Run only the Event Hubs endpoint and the explorer.
    #[arg(long, conflicts_with_all = ["once", "way", "webhook", "handler"])]
    pub(crate) hub_only: bool,
    /// Set the factory up, let every step change once, print the records, and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// Take any free ports, not the usual ones.
    #[arg(long)]
    pub(crate) any_port: bool,
    /// Let other programs make the Event Hubs endpoint misbehave, over HTTP on this port; 0 takes any.
    #[arg(long, value_name = "PORT")]
    pub(crate) control_port: Option<u16>,
    /// Run this executable instead of building twin-bridge.
    #[arg(long, value_name = "FILE", value_parser = executable)]
    pub(crate) handler: Option<PathBuf>,
    /// Show everything that the host and the handler log, not only warnings and errors.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Print help.
    #[arg(long, short, action = ArgAction::HelpLong)]
    help: Option<bool>,
}

/// The functions that take notifications. Their names are those of the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// Event Grid, and the HTTP trigger, which the host forwards as Event Grid sent it.
    Webhook,
    /// Event Grid, and its trigger.
    Function,
    /// A hub of its own, and the Event Hubs trigger.
    EventHub,
    /// A topic of Service Bus, and its trigger.
    ServiceBus,
}

impl Way {
    /// The name of the function.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Function => "function",
            Self::EventHub => "event-hub",
            Self::ServiceBus => "service-bus",
        }
    }

    /// The folder with its `function.json`, in that of the workspace.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Function => "function",
            Self::EventHub => "triggers/event-hub",
            Self::ServiceBus => "triggers/service-bus",
        }
    }

    fn is_over_event_grid(self) -> bool {
        matches!(self, Self::Webhook | Self::Function)
    }
}

impl Options {
    /// Reads the command line. Ends the program where it makes no sense.
    pub(crate) fn read() -> Self {
        let options = Self::parse();
        if options.webhook.is_some() && !options.way.is_over_event_grid() {
            let message = "--webhook goes with --way webhook and --way function only";
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        options
    }

    /// How many changes a second are asked for.
    pub(crate) fn changes_per_second(&self) -> f64 {
        self.rate.unwrap_or_else(|| Production::usual_rate(self.twins))
    }

    /// Whether it is more than a build without optimisation can do.
    pub(crate) fn is_demanding(&self) -> bool {
        self.changes_per_second() >= 500.0
    }

    /// The port that people expect, or any other if something else has it.
    pub(crate) fn listen(&self, port: u16) -> SocketAddr {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        if self.any_port || TcpListener::bind(address).is_err() { any } else { address }
    }
}

/// The path from wherever it is started, which is not where this program was called.
fn executable(text: &str) -> Result<PathBuf, String> {
    let path = path::absolute(text).map_err(|error| error.to_string())?;
    if path.is_file() { Ok(path) } else { Err(format!("there is no file {}", path.display())) }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().map_err(|_| "not a number")?;
    if (0.001..=1e6).contains(&rate) { Ok(rate) } else { Err("must be from 0.001 to 1000000") }
}
