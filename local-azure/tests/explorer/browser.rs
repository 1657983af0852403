//! The page in Chromium, driven by tests/clients/explorer.mjs: what is asserted stands there.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{process::Command, time::timeout};

use crate::factory::{Factory, graph, moment, removal};

/// Starting a browser on a busy machine takes its time.
const SLOW: Duration = Duration::from_secs(180);

/// How often the machines report.
const EVERY: time::Duration = time::Duration::seconds(2);

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.exists())
}

/// The command that runs the script; `None`, loudly, where the browser or what drives it isn't installed.
fn script() -> Option<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let driver = root.join("target/clients/node_modules/playwright-core/package.json");
    let Some(chromium) = chromium().filter(|_| driver.exists()) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "Chromium or playwright-core is not installed");
        eprintln!("SKIPPED: needs Chromium (its path in CHROMIUM, if it is elsewhere) and tests/clients/install.sh");
        return None;
    };
    let mut command = Command::new("node");
    command.arg(root.join("tests/clients/explorer.mjs")).env("CHROMIUM", chromium);
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

#[tokio::test]
async fn the_page_draws_the_factory() {
    let Some(mut command) = script() else { return };
    let factory = Factory::start().await;
    let start = OffsetDateTime::now_utc() - EVERY * 300;
    let mut records = graph();
    for turn in 0..300 {
        // A pause in which nothing came, and a property that was removed and came back.
        if !(120..150).contains(&turn) {
            records.extend(moment(turn, start + EVERY * turn));
        }
        if turn == 200 {
            records.push(removal("GrindingStep", "Force", start + EVERY * turn + time::Duration::SECOND));
        }
    }
    factory.send_records(&records).await;
    factory.has_read(records.len() as u64).await;

    command.arg(factory.explorer.url());
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        command.arg(folder);
    }
    let ended = timeout(SLOW, command.output());
    tokio::pin!(ended);
    let mut turn = 300;
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    let output = loop {
        tokio::select! {
            output = &mut ended => break output.unwrap().unwrap(),
            _ = ticks.tick() => {
                factory.send_records(&moment(turn, OffsetDateTime::now_utc())).await;
                turn += 1;
            }
        }
    };
    let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complaints}");
    assert!(said.ends_with("all is well\n"), "{said}");
}
