//! The page in Chromium, driven by tests/clients/explorer.mjs: what is asserted stands there.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use time::OffsetDateTime;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::factory::{Factory, graph, lifecycle, moment, relation_at, removal, update};

/// Starting a browser on a busy machine takes its time.
const SLOW: Duration = Duration::from_secs(600);

/// How often the machines report.
const EVERY: Duration = Duration::from_secs(1);

const YESTERDAY: Duration = Duration::from_secs(86_400);

/// How often they have reported when the page is opened.
const BEFORE: u32 = 600;

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
    let records = history(OffsetDateTime::now_utc() - EVERY * BEFORE);
    factory.send_records(&records).await;
    factory.has_read(records.len() as u64).await;

    command.args(["charts", &factory.explorer.url()]);
    // Where to put pictures of it, for the documentation.
    command.args(std::env::var_os("SCREENSHOTS"));
    let ended = timeout(SLOW, command.output());
    tokio::pin!(ended);
    let mut turn = BEFORE;
    let mut ticks = tokio::time::interval(EVERY);
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

/// Ten minutes, with a pause in which nothing came, a property that was removed and came back, and a relationship that
/// ended; and the same ten minutes of the day before.
fn history(start: OffsetDateTime) -> Vec<Value> {
    let mut records = graph();
    // Further than today, which goes on while somebody looks at it.
    for turn in (0..2 * BEFORE).step_by(5) {
        records.extend(moment(turn + 40, start + EVERY * turn - YESTERDAY));
    }
    records.push(lifecycle("GrindingStep", "Create", start + EVERY * 90));
    for turn in (0..BEFORE).filter(|turn| !(240..300).contains(turn)) {
        let now = start + EVERY * turn;
        let without_force = (400..430).contains(&turn);
        if turn == 400 {
            records.push(removal("GrindingStep", "Force", now));
            records.push(relation_at("ProductionLine", "rel_runs_steps", "GrindingStep", "Delete", now));
        }
        if turn == 430 {
            records.push(relation_at("ProductionLine", "rel_runs_steps", "GrindingStep", "Create", now));
        }
        records.extend(moment(turn, now).into_iter().filter(|record| !(without_force && record["Key"] == "Force")));
    }
    records
}

/// Names and values that would be markup, or a script, if the page took them for that.
#[tokio::test]
async fn text_from_twins_never_becomes_markup() {
    let Some(mut command) = script() else { return };
    let factory = Factory::start().await;
    let now = OffsetDateTime::now_utc();
    let (twin, key, value) = (evil("twin"), evil("key"), evil("value"));
    let mut records = vec![
        relation_at("Line", &evil("name"), &twin, "Create", now - EVERY * 22),
        lifecycle(&twin, "Create", now - EVERY * 25),
    ];
    for turn in 0..20 {
        records.push(update(&twin, &key, format!("{value}{}", turn % 3), now - EVERY * turn));
        records.push(update(&twin, "Number", turn, now - EVERY * turn));
        records.push(update(&twin, "Switch", turn / 5 % 2, now - EVERY * turn));
    }
    for record in &mut records[1..] {
        record["ModelId"] = evil("model").into();
    }
    factory.send_records(&records).await;
    factory.send(&[format!("not JSON {}", evil("body"))]).await;
    factory.has_read(records.len() as u64 + 1).await;
    command.args(["markup", &factory.explorer.url()]).args(std::env::var_os("SCREENSHOTS"));
    let output = timeout(SLOW, command.output()).await.unwrap().unwrap();
    let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complaints}");
}

fn evil(what: &str) -> String {
    format!("<img src=x onerror=\"document.title='{what}'\"><b>{what}</b>/'&amp;")
}

/// The script says what it sees, and this makes the next thing happen.
#[tokio::test]
async fn the_page_says_what_it_waits_for() {
    let Some(mut command) = script() else { return };
    let factory = Factory::start().await;
    let mut child = command.args(["states", &factory.explorer.url()]).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut explorer = Some(factory);
    while let Some(line) = timeout(SLOW, said.next_line()).await.unwrap().unwrap() {
        let factory = explorer.as_ref();
        match line.as_str() {
            "nothing yet" => factory.unwrap().send_records(&moment(0, OffsetDateTime::now_utc())).await,
            "curves" => factory.unwrap().hubs.pause(),
            "no hub" => factory.unwrap().hubs.resume().unwrap(),
            "live again" => drop(explorer.take()),
            "all is well" => break,
            _ => {}
        }
    }
    let output = timeout(SLOW, child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(explorer.is_none(), "the script went to its end");
}
