//! What the documentation tells people to run in Data Explorer is valid there, and its tables have room for our records.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value};

use crate::skipped::skipped;

mod answers;
mod dashboard;
mod engine;
mod pictures;
mod workbook;

const TABLES: &str = "infra/data-explorer.kql";
const LOG_TABLES: &str = "tests/clients/application_insights.kql";

/// Checks queries against the tables of a script with Microsoft's Kusto language service, and answers whether they are
/// valid and what it said.
///
/// None where the service is not installed.
fn check(tables: &str, files: &[PathBuf]) -> Option<(bool, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join("target/clients/node_modules/@kusto/language-service-next/package.json").exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "in CI the language service must be installed: tests/clients/install.sh"
        );
        skipped("no query was checked. Run tests/clients/install.sh to install Microsoft's Kusto language service.");
        return None;
    }
    let output = Command::new("node")
        .arg("tests/clients/check_kql.mjs")
        .arg(tables)
        .args(files)
        .current_dir(root)
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some((output.status.success(), said))
}

/// README.md and everything in docs, where it has queries.
fn documents_with_queries() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents: Vec<_> = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.push(root.join("README.md"));
    documents.retain(|path| {
        path.extension().is_some_and(|extension| extension == "md")
            && ["```kusto", "```kql", "```csl"].iter().any(|fence| fs::read_to_string(path).unwrap().contains(fence))
    });
    documents.sort();
    documents
}

#[test]
fn every_query_and_command_is_valid() {
    // What operators ask is about the log.
    let (log, history): (Vec<_>, Vec<_>) =
        documents_with_queries().into_iter().partition(|path| path.ends_with("docs/operate.md"));
    assert!(log.len() == 1 && history.iter().any(|path| path.ends_with("docs/queries.md")));
    for (tables, documents) in [(TABLES, history), (LOG_TABLES, log)] {
        if let Some((valid, said)) = check(tables, &documents) {
            assert!(valid, "{said}");
        }
    }
}

/// Queries that stand in no document must be valid.
fn assert_valid(tables: &str, queries: impl IntoIterator<Item = String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queries.md");
    let fences = queries.into_iter().map(|query| format!("```kusto\n{query}\n```\n"));
    fs::write(&file, fences.collect::<String>()).unwrap();
    if let Some((valid, said)) = check(tables, std::slice::from_ref(&file)) {
        assert!(valid, "{said}\n{}", fs::read_to_string(file).unwrap());
    }
}

/// Each of `broken`, a file of this extension, must give the complaint beside it, which follows the file's name.
fn assert_complaints<Text: AsRef<str>>(extension: &str, broken: &[(Text, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..broken.len()).map(|number| format!("broken-{number}.{extension}")).collect();
    for (name, (text, _)) in names.iter().zip(broken) {
        fs::write(folder.path().join(name), text.as_ref()).unwrap();
    }
    let files: Vec<_> = names.iter().map(|name| folder.path().join(name)).collect();
    let Some((valid, said)) = check(TABLES, &files) else { return };
    assert!(!valid, "{said}");
    for (name, (text, complaint)) in names.iter().zip(broken) {
        assert!(said.contains(&format!("{name}:{complaint}")), "{name}:{complaint}\n{}\n{said}", text.as_ref());
    }
}

/// The judge itself, which would be of no use if it let everything pass.
#[test]
fn a_broken_query_is_found() {
    assert_complaints(
        "md",
        &[
            ("```kusto\nAdtPropertyEvents | where TwinId == 'a'\n```", "2: Error KS142 at «TwinId»"),
            ("```kusto\nAdtPropertyEvents\n| where TimeStamp > 1\n```", "3: Error KS106 at «>»"),
            ("```kusto\nAdtPropertyEvent | count\n```", "2: Error KS204 at «AdtPropertyEvent»"),
            ("```kusto\nAdtPropertyEvents | were Id == 'a'\n```", "2: Error"),
            ("```kusto\n.crate table X (a: string)\n```", "2: no command that is known"),
            ("```kusto\n.show tables\n\n.crate table X (a: string)\n```", "4: no command that is known"),
            ("```kusto\n.show tables 1\n```", "2: "),
            (
                "```kusto\n.create-or-alter function F() { AdtPropertyEvents | project TwinId }\n```",
                "2: Error KS142 at «TwinId»",
            ),
            ("Text.\n```kusto\n```", "3: nothing to check"),
            ("```kql\nAdtPropertyEvents\n```", "1: a fence says kql instead of kusto"),
            ("```kusto\nAdtPropertyEvents", "1: a fence has no end"),
            ("No query here.", "1: nothing to check"),
        ],
    );
}

#[test]
fn a_broken_script_is_found() {
    let script = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLES)).unwrap();
    let mapping = script.split("\n\n").find(|command| command.contains("'AdtPropertyEvents_mapping'")).unwrap();
    assert_complaints(
        "kql",
        &[
            (mapping.replace("$.ModelId", "$.modelId"), "1: AdtPropertyEvents_mapping is not: "),
            (mapping.replace("\"Id\"", "\"TwinId\""), "1: AdtPropertyEvents_mapping is not: "),
            (mapping.replace("\n]", ""), "1: the mapping AdtPropertyEvents_mapping is no JSON"),
            (mapping.replace("table AdtPropertyEvents", "table PropertyEvents"), "1: Error KS204 at «PropertyEvents»"),
            (mapping.replace("'AdtPropertyEvents_", "'Other_"), "1: the mapping of AdtPropertyEvents is called Other_"),
            (".create-merge table X (a: strin)".to_owned(), "1: Error KS005 at «strin»"),
            (".drop table AdtPropertyEvents".to_owned(), "1: no command for a script"),
        ],
    );
}

/// Name and type of the columns of each table that a script creates.
fn tables_of(script: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let script = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).unwrap();
    let commands = script.split("\n\n").filter_map(|command| command.strip_prefix(".create-merge table "));
    let tables = commands.map(|command| {
        let (name, columns) = command.trim_end().strip_suffix(')').unwrap().split_once(" (").unwrap();
        let columns = columns.split(',').map(|column| {
            let (name, of_type) = column.split_once(':').unwrap();
            (name.trim().to_owned(), of_type.trim().to_owned())
        });
        (name.to_owned(), columns.collect())
    });
    tables.collect()
}

/// The table for a record, by the members that only records of its kind have. None for the other record format.
fn table_of(record: &Map<String, Value>) -> Option<&'static str> {
    if record.contains_key("$dtId") {
        None
    } else if record.contains_key("Key") {
        Some("AdtPropertyEvents")
    } else if record.contains_key("TwinId") {
        Some("AdtTwinLifecycleEvents")
    } else {
        Some("AdtRelationshipLifecycleEvents")
    }
}

/// The snapshots hold the records of every notification that we know.
#[test]
fn the_tables_have_a_column_for_every_member_of_a_record() {
    let tables = tables_of(TABLES);
    assert_eq!(tables.len(), 3);
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("records/src/record/snapshots");
    let mut records = 0;
    for snapshot in fs::read_dir(snapshots).unwrap() {
        let path = snapshot.unwrap().path();
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| line.starts_with('{')) {
            let record: Map<String, Value> = serde_json::from_str(line).unwrap();
            let Some(table) = table_of(&record) else { continue };
            records += 1;
            for (member, value) in &record {
                let fits = match tables[table].get(member).map(String::as_str) {
                    Some("dynamic") => true,
                    Some("string" | "datetime") => value.is_string(),
                    _ => false,
                };
                assert!(fits, "{table} has no column for {member}, or not of its type: {line} in {}", path.display());
            }
        }
    }
    assert!(records > 0);
}
