//! The command line.

use std::time::Duration;

use clap::{ArgAction, Parser};
use factory::Production;

/// Runs the chocolate factory of the Microsoft Learn lab in an instance of Azure Digital Twins: uploads what is missing of
/// its models, twins and relationships, then changes the twins until Ctrl-C.
///
/// The instance is reached with the managed identity of the app or your own login (`az login`), which needs the role
/// Azure Digital Twins Data Owner on it.
#[derive(Parser)]
#[command(name = "cargo factory", disable_help_flag = true)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Options {
    /// The instance: https:// and its host name, or http:// and the address of a stand-in on this machine.
    #[arg(long, value_name = "URL")]
    pub(crate) digital_twins: String,
    /// How many twins the factory has.
    #[arg(long, value_name = "N", default_value_t = factory::LAB)]
    pub(crate) twins: usize,
    /// How many changes there are a second; by default each step changes every 2 seconds.
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Which changes there are: the same seed gives the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// For how long it changes the twins, like 10m; 0s only uploads.
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Replace what is something else under ids of the factory.
    #[arg(long)]
    pub(crate) replace: bool,
    /// List all that the factory has in the instance, ask, and remove it.
    #[arg(long, conflicts_with_all = ["rate", "seed", "duration", "replace"])]
    pub(crate) remove: bool,
    /// Do not ask.
    #[arg(long, requires = "remove")]
    pub(crate) yes: bool,
    /// Print help.
    #[arg(long, short, action = ArgAction::HelpLong)]
    help: Option<bool>,
}

impl Options {
    /// How many changes a second are asked for.
    pub(crate) fn changes_per_second(&self) -> f64 {
        self.rate.unwrap_or_else(|| Production::usual_rate(self.twins))
    }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().map_err(|_| "not a number")?;
    if (0.001..=1e6).contains(&rate) { Ok(rate) } else { Err("must be from 0.001 to 1000000") }
}
