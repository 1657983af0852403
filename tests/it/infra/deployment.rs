//! A deployment as the compiler foresees it (`bicep snapshot`): names, conditions and ids are worked out, without Azure.

use std::{collections::BTreeSet, fs, io::ErrorKind, process::Command};

use serde_json::{Map, Value};

use crate::repository::{between, files};

/// What a deployment makes.
pub struct Deployment {
    pub resources: Vec<Value>,
    pub outputs: Value,
}

impl Deployment {
    /// With these variables in the environment, into the group `twin-bridge`. None where there is no compiler.
    pub fn foreseen(variables: &[(&str, &str)]) -> Option<Self> {
        let snapshot = snapshot(variables)?;
        let mut snapshot = snapshot.unwrap_or_else(|refusal| panic!("{variables:?}: {refusal}"));
        assert_eq!(snapshot["diagnostics"], Value::Array(Vec::new()), "{variables:?}");
        let Value::Array(resources) = snapshot["predictedResources"].take() else { panic!("no resources") };
        Some(Self { resources, outputs: snapshot["outputs"].take() })
    }

    /// Why a deployment with these variables is refused. None where there is no compiler.
    pub fn refused(variables: &[(&str, &str)]) -> Option<String> {
        Some(snapshot(variables)?.expect_err("it is not refused"))
    }

    /// The resources of a type.
    pub fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.resources.iter().filter(|resource| resource["type"] == kind).collect()
    }

    /// The one resource of a type.
    pub fn one(&self, kind: &str) -> &Value {
        let found = self.of_type(kind);
        assert_eq!(found.len(), 1, "{kind}");
        found[0]
    }

    /// The types of all resources.
    pub fn types(&self) -> BTreeSet<&str> {
        self.resources.iter().map(|resource| resource["type"].as_str().unwrap()).collect()
    }

    /// A name without the 13 characters that the template makes from the group and the environment.
    pub fn short(&self, name: &str) -> String {
        let function = self.outputs["AZURE_FUNCTION_NAME"].as_str().unwrap();
        name.replace(function.strip_prefix("func-").unwrap(), "*")
    }

    /// The app settings.
    pub fn settings(&self) -> &Map<String, Value> {
        self.one("Microsoft.Web/sites/config")["properties"].as_object().unwrap()
    }

    /// Every role that is given: who gets it, its id, and the type and name of what it is on.
    pub fn roles(&self) -> BTreeSet<(&'static str, &str, String)> {
        let assignments = self.of_type("Microsoft.Authorization/roleAssignments");
        let roles = assignments.iter().map(|assignment| {
            let principal = assignment["properties"]["principalId"].as_str().unwrap();
            let role = assignment["properties"]["roleDefinitionId"].as_str().unwrap().rsplit('/').next().unwrap();
            (who(principal), role, self.short(&scope(assignment)))
        });
        let distinct: BTreeSet<_> = roles.collect();
        assert_eq!(distinct.len(), assignments.len(), "a role is given twice: {distinct:?}");
        distinct
    }

    /// Where keys are read: the type of the resource and the path to the property.
    pub fn keys(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        keys_in("output", &self.outputs, &mut found);
        for resource in &self.resources {
            keys_in(resource["type"].as_str().unwrap(), resource, &mut found);
        }
        found
    }
}

/// The compiler's snapshot, or why there is none.
fn snapshot(variables: &[(&str, &str)]) -> Option<Result<Value, String>> {
    // It is written beside the parameters.
    let folder = tempfile::tempdir().unwrap();
    for inner in ["modules", "dashboards"] {
        fs::create_dir(folder.path().join(inner)).unwrap();
    }
    let kinds =
        [("", "bicep"), ("", "bicepparam"), ("", "json"), ("", "kql"), ("modules", "bicep"), ("dashboards", "json")];
    for (from, ending) in kinds {
        for path in files(&format!("infra/{from}"), ending) {
            fs::copy(&path, folder.path().join(from).join(path.file_name().unwrap())).unwrap();
        }
    }
    let output = Command::new("bicep")
        .args(["snapshot", "main.bicepparam", "--mode", "overwrite", "--resource-group", "twin-bridge"])
        .args(["--subscription-id", "00000000-0000-0000-0000-000000000000", "--location", "westeurope"])
        .args(["--deployment-name", "main"])
        .envs(variables.iter().copied())
        .current_dir(&folder)
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    if !output.status.success() {
        return Some(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let written = fs::read(folder.path().join("main.snapshot.json")).unwrap();
    Some(Ok(serde_json::from_slice(&written).unwrap()))
}

/// Whose principal id this is.
fn who(principal: &str) -> &'static str {
    let resources = [
        ("/userAssignedIdentities/", "function app"),
        ("/digitalTwinsInstances/", "instance"),
        ("Microsoft.EventGrid/topics/", "topic"),
        ("Microsoft.Kusto/clusters/", "cluster"),
    ];
    let found = resources.into_iter().find(|(resource, _)| principal.contains(resource));
    found.map_or("deployer", |(_, name)| name)
}

/// What an assignment is on, from its provider on.
fn scope(assignment: &Value) -> String {
    // Where the name is not known yet the id is an expression.
    let id = assignment["id"].as_str().unwrap();
    let id = if id.starts_with('[') { between(id, "extensionResourceId('", "'") } else { id };
    let id = id.split("/providers/Microsoft.Authorization/").next().unwrap();
    id.rsplit_once("/providers/").unwrap().1.to_owned()
}

fn keys_in(place: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let text = text.to_lowercase();
            if ["listkeys(", "listaccountsas(", "sharedaccesskey", "accountkey="].iter().any(|word| text.contains(word))
            {
                found.insert(place.to_owned());
            }
        }
        Value::Array(items) => {
            for item in items {
                keys_in(place, item, found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                keys_in(&format!("{place} {name}"), member, found);
            }
        }
        _ => {}
    }
}
