//! Microsoft's parser takes the models of the chocolate factory, and would not take just anything.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{fs, path::Path, process::Command};

use serde_json::Value;

/// Checks sets of models with Microsoft's parser, and answers what it said of each: the ids of its interfaces if it is
/// valid.
///
/// None where the parser is not installed.
fn check(sets: &[Vec<Value>]) -> Option<Vec<Result<Vec<String>, String>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !root.join("target/clients/node_modules/@digicatapult/dtdl-parser/package.json").exists() {
        assert!(std::env::var_os("CI").is_none(), "in CI the parser must be installed: tests/clients/install.sh");
        eprintln!("SKIPPED: no model was checked. Run tests/clients/install.sh to install Microsoft's parser of them.");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let folders: Vec<_> = (0..sets.len()).map(|number| folder.path().join(number.to_string())).collect();
    for (folder, models) in folders.iter().zip(sets) {
        fs::create_dir(folder).unwrap();
        for (number, model) in models.iter().enumerate() {
            fs::write(folder.join(format!("{number}.json")), model.to_string()).unwrap();
        }
    }
    let script = root.join("tests/clients/check_models.mjs");
    let output = Command::new("node").arg(script).args(&folders).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<_> = folders.iter().map(|folder| verdict(&said, &folder.display().to_string())).collect();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), verdicts.iter().all(Result::is_ok), "{said}{complaints}");
    Some(verdicts)
}

/// From lines such as `FOLDER: valid: ID` and `FOLDER: wrong: REASON`.
fn verdict(said: &str, folder: &str) -> Result<Vec<String>, String> {
    let lines: Vec<_> = said.lines().filter_map(|line| line.strip_prefix(folder)).collect();
    let starting = |start| lines.iter().filter_map(move |line| Some(line.strip_prefix(start)?.to_owned()));
    match starting(": wrong: ").collect::<Vec<_>>() {
        wrong if wrong.is_empty() => Ok(starting(": valid: ").collect()),
        wrong => Err(wrong.join("\n")),
    }
}

#[test]
fn the_models_are_valid() {
    let models = factory::models();
    let mut ids: Vec<_> = models.iter().map(|model| model["@id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    assert_eq!(ids.len(), 8);
    if let Some(verdicts) = check(&[models]) {
        assert_eq!(verdicts, [Ok(ids)]);
    }
}

/// The judge itself, which would be of no use if it let everything pass.
#[test]
fn a_broken_model_is_found() {
    const TUNNEL: &str = "\"@id\":\"dtmi:twin_bridge:chocolate_factory:cooling_tunnel;1\"";
    let broken = [
        ("\"pound\"", "\"kilowatt\"", "does not have @type of ForceUnit"),
        ("\"schema\":\"boolean\"", "\"schema\":\"bool\"", "bool"),
        ("\"name\":\"ZipCode\"", "\"name\":\"Zip Code\"", "Zip Code"),
        (TUNNEL, "\"@id\":\"dtmi:other;1\"", "UndefinedIdentifiers"),
        ("digital_factory:floor;1\"}", "digital_factory:room;1\"}", "digital_factory:room;1"),
    ];
    let text = Value::from(factory::models()).to_string();
    let mut sets = vec![Vec::new()];
    for (right, wrong, _) in broken {
        assert!(text.contains(right), "{right}");
        sets.push(serde_json::from_str(&text.replace(right, wrong)).unwrap());
    }
    let Some(verdicts) = check(&sets) else { return };
    let complaints = ["there is no model"].into_iter().chain(broken.map(|(_, _, complaint)| complaint));
    for (verdict, complaint) in verdicts.iter().zip(complaints) {
        assert!(verdict.as_ref().is_err_and(|said| said.contains(complaint)), "{complaint}: {verdict:?}");
    }
}
