//! KQL that is run, by an engine that is not ours: `tests/clients/run_kql.py`.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::tables_of;
use crate::{
    repository::{files, root},
    skipped::skipped,
};

/// Tables with their rows.
pub struct Database {
    tables: Value,
    /// What `now()` is.
    pub clock: String,
    /// Stored functions, from the word `function` on.
    pub functions: Vec<String>,
}

/// The result of a query.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// What the engine lacks and had to be done in another way.
    pub instead: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Outcome {
    Answer(Answer),
    Lacks { lacks: String },
}

impl Database {
    /// The tables that a script creates, each with the rows that `table_of` sends to it.
    pub fn of(
        script: &str,
        rows: impl IntoIterator<Item = Map<String, Value>>,
        table_of: impl Fn(&Map<String, Value>) -> &'static str,
    ) -> Self {
        let mut tables: BTreeMap<_, _> = tables_of(script)
            .into_iter()
            .map(|(name, columns)| (name, json!({"columns": columns, "rows": []})))
            .collect();
        for row in rows {
            let table = tables.get_mut(table_of(&row)).unwrap();
            table["rows"].as_array_mut().unwrap().push(Value::Object(row));
        }
        Self { tables: json!(tables), clock: "2026-03-02T00:00:00Z".to_owned(), functions: Vec::new() }
    }

    /// What comes of each query: its answer, or why the engine can't run it. None, after saying so, where there is no
    /// engine.
    pub fn run<Query: AsRef<str>>(&self, queries: &[Query]) -> Option<Vec<Result<Answer, String>>> {
        let python = root().join("target/clients/venv/bin/python");
        let libraries = root().join("target/clients/venv/lib");
        let installed = libraries.exists()
            && std::fs::read_dir(libraries)
                .unwrap()
                .any(|version| version.unwrap().path().join("site-packages/duckdb_kql").exists());
        if !installed {
            assert!(std::env::var_os("CI").is_none(), "in CI the engine must be installed: tests/clients/install.sh");
            skipped("no query was run. Run tests/clients/install.sh to install duckdb-kql.");
            return None;
        }
        let queries: Vec<_> = queries.iter().map(AsRef::as_ref).collect();
        let task = json!({
            "tables": self.tables, "clock": self.clock, "functions": self.functions, "queries": queries,
        });
        let mut child = Command::new(python)
            .arg(root().join("tests/clients/run_kql.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It reads everything before it writes.
        child.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let outcomes: Vec<Outcome> = serde_json::from_slice(&output.stdout).unwrap();
        let outcomes = outcomes.into_iter().map(|outcome| match outcome {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Lacks { lacks } => Err(lacks),
        });
        Some(outcomes.collect())
    }

    /// The answer to one query, which must have one.
    pub fn answer(&self, query: &str) -> Option<Answer> {
        Some(self.run(&[query])?.remove(0).unwrap_or_else(|lacks| panic!("{lacks}\n{query}")))
    }
}

impl Answer {
    /// Asserts the columns and the rows, these in any order. Numbers are the same to a millionth.
    pub fn assert_is(&self, columns: &[&str], rows: impl IntoIterator<Item = Vec<Value>>) {
        assert_eq!(self.columns, columns);
        let found = sorted(self.rows.clone());
        assert!(!found.is_empty());
        similar_asserts::assert_eq!(found, sorted(rows));
    }
}

fn sorted(rows: impl IntoIterator<Item = Vec<Value>>) -> Vec<String> {
    let mut rows: Vec<_> =
        rows.into_iter().map(|row| json!(row.into_iter().map(rounded).collect::<Vec<_>>()).to_string()).collect();
    rows.sort();
    rows
}

fn rounded(value: Value) -> Value {
    value.as_f64().map_or(value, |number| json!(format!("{number:.6}")))
}

/// The queries and commands in the fences of a document, each with the heading above it and its number there.
pub fn queries_in(markdown: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut heading, mut number) = ("", 0);
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            (heading, number) = (title, 0);
        } else if line == "```kusto" {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            number += 1;
            found.push((format!("{heading} {number}"), text.join("\n")));
        }
    }
    found
}

/// The records of all notifications that we know, as `twin-bridge flatten` prints them.
pub fn records_of_the_fixtures() -> Vec<Map<String, Value>> {
    let mut records = Vec::new();
    for path in files("tests/fixtures/notifications", "json") {
        let output = Command::new(env!("CARGO_BIN_EXE_twin-bridge")).arg("flatten").arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", path.display());
        records.extend(
            str::from_utf8(&output.stdout)
                .unwrap()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .map(|record: Map<_, _>| record),
        );
    }
    records
}
