//! The package, reopened: what is in it, and that a host can run what comes out of it. The executable here is the
//! ordinary build; the one of `cargo package-function` is looked at where there is one.

use std::{
    fs,
    io::{Cursor, Read},
    path::Path,
};

use local_azure::functions_host::{Config, FunctionsHost, Storage};
use package_function::{
    glibc,
    package::{self, Entry, Trigger},
};
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::{
    handler::{hub, settings, update},
    repository::{root, text},
    skipped::skipped,
};

type Archive = ZipArchive<Cursor<Vec<u8>>>;

/// The package with the executable under test.
fn real() -> Vec<Entry> {
    package::entries(root(), &Trigger::DEFAULT, Path::new(env!("CARGO_BIN_EXE_twin-bridge")))
}

/// The package with something small in the executable's place, which is as good where nothing is run.
fn small() -> Vec<Entry> {
    package::entries(root(), &Trigger::DEFAULT, &root().join("LICENSE"))
}

fn zipped(entries: &[Entry]) -> Vec<u8> {
    let mut zip = Cursor::new(Vec::new());
    package::write(entries, &mut zip).unwrap();
    zip.into_inner()
}

fn assert_names_and_modes(archive: &mut Archive) {
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).unwrap();
        found.push((file.name().unwrap().into_owned(), file.unix_mode().unwrap() & 0o7777));
    }
    let wanted = [
        ("function/function.json", 0o644),
        ("host.json", 0o644),
        ("twin-bridge", 0o777),
        ("webhook/function.json", 0o644),
    ];
    assert_eq!(found, wanted.map(|(name, mode)| (name.to_owned(), mode)));
}

#[test]
fn the_ways_in_that_need_no_settings_are_in_it_and_the_executable_may_be_run() {
    assert_names_and_modes(&mut ZipArchive::new(Cursor::new(zipped(&small()))).unwrap());
}

#[test]
fn one_way_in_can_be_packed_alone() {
    let names = |trigger| {
        let entries = package::entries(root(), &[trigger], &root().join("LICENSE"));
        entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Trigger::Function), ["function/function.json", "host.json", "twin-bridge"]);
    assert_eq!(names(Trigger::Webhook), ["host.json", "twin-bridge", "webhook/function.json"]);
    assert_eq!(names(Trigger::EventHub), ["event-hub/function.json", "host.json", "twin-bridge"]);
    assert_eq!(names(Trigger::ServiceBus), ["host.json", "service-bus/function.json", "twin-bridge"]);
}

#[test]
fn equal_files_give_equal_bytes() {
    assert_eq!(zipped(&small()), zipped(&small()));
}

#[tokio::test]
async fn a_host_runs_what_comes_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (app, blobs) = (folder.path().join("app"), folder.path().join("blobs"));
    let mut archive = ZipArchive::new(Cursor::new(zipped(&real()))).unwrap();
    assert_names_and_modes(&mut archive);
    archive.extract(&app).unwrap();

    let hub = hub();
    // The host finds the executable by what host.json says, and starts it.
    let mut config = Config::new(app, Storage::Folder(blobs));
    config.environment = settings(&hub);
    let host = FunctionsHost::start(config).await.unwrap();
    let answer = reqwest::Client::new()
        .post(host.webhook_url("function"))
        .header("aeg-event-type", "Notification")
        .header("content-type", "application/json; charset=utf-8")
        .body(json!([update("packed", "t", &[("/a", json!(1.5))])]).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    let bodies: Vec<Value> =
        hub.events("twins").iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!((&bodies[0]["EventId"], &bodies[0]["Value"]), (&json!("packed#0"), &json!(1.5)));
    host.stop().await;
}

#[test]
fn the_staged_folder_holds_the_same_and_func_leaves_the_zip_out() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    for _ in 0..2 {
        // What an earlier run left must not stay.
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("left-over"), "").unwrap();
        package::stage(root(), &small(), &dist).unwrap();
    }
    let staged = names_under(&dist);
    let wanted =
        [".funcignore", "function/function.json", "host.json", "package.zip", "twin-bridge", "webhook/function.json"];
    assert_eq!(staged, wanted);
    assert_eq!(uploaded(&staged), ["function/function.json", "host.json", "twin-bridge", "webhook/function.json"]);
    let packed = fs::read(dist.join(package::ZIP)).unwrap();
    assert_names_and_modes(&mut ZipArchive::new(Cursor::new(packed)).unwrap());
}

#[test]
fn func_uploads_every_way_in_of_the_staged_folder() {
    let folder = tempfile::tempdir().unwrap();
    let entries = package::entries(root(), &Trigger::ALL, &root().join("LICENSE"));
    package::stage(root(), &entries, folder.path()).unwrap();
    let staged = names_under(folder.path());
    let all = Trigger::ALL.map(|trigger| format!("{}/function.json", trigger.name()));
    assert!(all.iter().all(|name| uploaded(&staged).contains(&name.as_str())), "{staged:?}");
}

/// A batch that the host can make is one that the handler takes.
#[test]
fn a_full_batch_fits_the_body_of_an_invocation() {
    let host: Value = serde_json::from_str(&text("host.json")).unwrap();
    let largest = json!(twin_bridge::body::MAX_MESSAGES);
    assert_eq!(host["extensions"]["eventHubs"]["maxEventBatchSize"], largest);
    assert_eq!(host["extensions"]["serviceBus"]["maxMessageBatchSize"], largest);
}

#[test]
fn func_uploads_nothing_else_from_the_root() {
    let mut tracked = names_under(root());
    tracked.retain(|name| !name.starts_with("dist/") && !name.starts_with("target/") && !name.starts_with(".git/"));
    assert!(tracked.len() > 50);
    assert_eq!(uploaded(&tracked), ["function/function.json", "host.json", "webhook/function.json"]);
}

#[test]
fn the_real_package_runs_on_an_old_system() {
    let Ok(packed) = fs::read(root().join("dist").join(package::ZIP)) else {
        skipped("there is no dist/package.zip to look at. Run cargo package-function.");
        return;
    };
    let mut archive = ZipArchive::new(Cursor::new(packed)).unwrap();
    assert_names_and_modes(&mut archive);
    let mut executable = Vec::new();
    archive.by_name(package::EXECUTABLE).unwrap().read_to_end(&mut executable).unwrap();
    glibc::check(&executable, glibc::OLDEST).unwrap_or_else(|error| panic!("{error}"));
}

/// The files in a folder, with slashes, sorted.
fn names_under(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if !entry.file_type().unwrap().is_dir() {
            names.push(name);
        } else if name != "target" && name != ".git" {
            names.extend(names_under(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}")));
        }
    }
    names.sort();
    names
}

/// Those of `names` that `func azure functionapp publish` uploads. Its reading of `.funcignore` is not git's: a line is a
/// beginning of a path, and whatever a line with `!` matches is taken. It never takes `.funcignore` itself.
fn uploaded(names: &[String]) -> Vec<&str> {
    let ignore = text(".funcignore");
    let lines: Vec<_> = ignore.lines().filter(|line| !line.starts_with('#')).collect();
    let (taken, left_out): (Vec<&str>, Vec<&str>) = lines.iter().partition(|line| line.starts_with('!'));
    assert_eq!(left_out, ["/*"], "everything is left out but for what the other lines take");
    let taken = |name: &&str| taken.iter().any(|line| name.starts_with(line.trim_start_matches("!/")));
    names.iter().map(String::as_str).filter(|name| *name != ".funcignore").filter(taken).collect()
}
