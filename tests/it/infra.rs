//! What the Bicep says, read as text: who may do what, which doors are shut, and that its settings are ours. That its
//! resources have the properties they are given, and which of them a deployment makes ([`ways`]), is for the compiler, where
//! it is installed.

use std::{collections::BTreeSet, process::Command};

use twin_bridge::settings::Settings;

use crate::{
    repository::{between, files, root, setting_names, text},
    skipped::skipped,
};

mod deployment;
mod ways;

/// Every role that is given: by which module, to whom, its name and id, and on what.
const ROLES: [(&str, &str, &str, &str, &str); 9] = [
    (
        "dead-letter-writer",
        "principalId",
        "Storage Blob Data Contributor",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "account::blobs::container",
    ),
    (
        "digital-twins-access",
        "deployerPrincipalId",
        "Azure Digital Twins Data Owner",
        "bcd981a7-7f74-457b-83e1-cceb9e632ffe",
        "instance",
    ),
    ("event-hub", "senderPrincipalId", "Azure Event Hubs Data Sender", "2b629674-e913-4c01-ae53-ef4638d8f975", "hub"),
    (
        "event-hub-reader",
        "principalId",
        "Azure Event Hubs Data Receiver",
        "a638d3c7-ab3a-418d-83e6-5f17a39d4fde",
        "namespace::hub",
    ),
    (
        "logs",
        "appPrincipalId",
        "Monitoring Metrics Publisher",
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "applicationInsights",
    ),
    (
        "service-bus",
        "senderPrincipalId",
        "Azure Service Bus Data Sender",
        "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
        "topic",
    ),
    (
        "service-bus",
        "receiverPrincipalId",
        "Azure Service Bus Data Receiver",
        "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
        "subscription",
    ),
    ("storage", "appPrincipalId", "Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "account"),
    ("storage", "appPrincipalId", "Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "account"),
];

fn main_bicep() -> String {
    text("infra/main.bicep")
}

/// Name and text of every module.
fn modules() -> Vec<(String, String)> {
    let name = |path: &std::path::Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files("infra/modules", "bicep").iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn module(name: &str) -> String {
    text(&format!("infra/modules/{name}.bicep"))
}

/// The modules with a subscription: one for each function that Event Grid can call.
const SUBSCRIPTIONS: [(&str, &str); 2] = [("webhook", "webhook-subscription"), ("function", "function-subscription")];

/// The names in an object, one a line.
fn keys(object: &str) -> Vec<&str> {
    let lines = object.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.map(|line| line.split_once(": ").unwrap().0).collect()
}

#[test]
fn the_compiler_and_its_linter_have_no_complaint() {
    // The parameters, and with them the template and its modules.
    let Ok(output) = Command::new("bicep").args(["lint", "infra/main.bicepparam"]).current_dir(root()).output() else {
        return skipped("no Bicep was compiled: there is no bicep on the PATH.");
    };
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
}

#[test]
fn each_identity_has_the_roles_that_it_needs_on_the_smallest_scope() {
    let mut given = BTreeSet::new();
    for (name, bicep) in modules() {
        for assignment in bicep.split("\nresource ").filter(|block| block.contains("/roleAssignments@")) {
            let role = between(assignment, "'Microsoft.Authorization/roleDefinitions', ", ")");
            let id = between(&bicep, &format!("var {role} = '"), "'");
            let scope = between(assignment, "\n  scope: ", "\n");
            let principal = between(assignment, "principalId: ", "\n");
            assert!(assignment.contains(&format!("name: guid({scope}.id, ")), "{name}: the name must follow the scope");
            given.insert(format!("{name} {principal} {id} {scope}"));
        }
    }
    let wanted = ROLES.iter().map(|(name, principal, _, id, scope)| format!("{name} {principal} {id} {scope}"));
    similar_asserts::assert_eq!(given, wanted.collect::<BTreeSet<_>>());
}

#[test]
fn people_are_told_the_same_roles() {
    let security = text("SECURITY.md");
    let told = between(&security, "| identity | role | on |", "\n\n");
    let told: BTreeSet<_> =
        told.lines().skip(2).flat_map(|row| row.split('|').nth(2).unwrap().split(',')).map(str::trim).collect();
    assert_eq!(told, ROLES.iter().map(|(_, _, role, _, _)| *role).collect());
    for (name, _, role, _, _) in ROLES {
        assert!(module(name).contains(&format!("// {role}")), "{name}: {role}");
    }
}

#[test]
fn nothing_can_be_entered_with_a_key_but_the_topic_and_the_webhook() {
    for (name, wanted) in [
        ("storage", "allowSharedKeyAccess: false"),
        ("storage", "allowBlobPublicAccess: false"),
        ("event-hub", "disableLocalAuth: true"),
        ("service-bus", "disableLocalAuth: true"),
        ("event-hub-endpoint", "authenticationType: 'IdentityBased'"),
        ("service-bus-endpoint", "authenticationType: 'IdentityBased'"),
        ("logs", "features: { disableLocalAuth: true }"),
        ("logs", "DisableLocalAuth: true"),
        ("function-app", "httpsOnly: true"),
        ("function-app", "type: 'UserAssignedIdentity'"),
        ("webhook-subscription", "deadLetterWithResourceIdentity: {"),
        ("function-subscription", "deadLetterWithResourceIdentity: {"),
    ] {
        assert!(module(name).contains(wanted), "{name}: {wanted}");
    }
    for (name, bicep) in modules() {
        assert_eq!(bicep.contains("disableLocalAuth: false"), name == "topic", "{name}");
        let takes_keys = ["event-grid-endpoint", "webhook-subscription"].contains(&&*name);
        assert_eq!(bicep.contains("listKeys("), takes_keys, "{name}");
    }
}

#[test]
fn no_secret_goes_in_or_out() {
    let all = modules().into_iter().map(|(_, bicep)| bicep).chain([main_bicep(), text("infra/main.bicepparam")]);
    for line in all.flat_map(|bicep| bicep.lines().map(str::to_owned).collect::<Vec<_>>()) {
        // The name of a key is no secret.
        let lower = line.to_lowercase().replace("keyname", "").replace("key_name", "");
        let passes = lower.starts_with("param ") || lower.starts_with("output ") || lower.contains("readenvironment");
        assert!(
            !(passes && ["key", "secret", "password", "connectionstring"].iter().any(|word| lower.contains(word))),
            "{line}"
        );
        assert!(!lower.contains("sharedaccesskey="), "{line}");
    }
}

#[test]
fn the_app_runs_a_custom_handler_on_flex_consumption() {
    let app = module("function-app");
    for wanted in
        ["runtime: { name: 'custom', version: '1.0' }", "name: 'FC1', tier: 'FlexConsumption'", "reserved: true"]
    {
        assert!(app.contains(wanted), "{wanted}");
    }
    // The plan refuses these.
    for unwanted in ["FUNCTIONS_WORKER_RUNTIME", "WEBSITE_RUN_FROM_PACKAGE", "FUNCTIONS_EXTENSION_VERSION"] {
        assert!(!app.contains(unwanted), "{unwanted}");
    }
}

#[test]
fn the_subscription_comes_in_a_second_phase() {
    let main = main_bicep();
    assert!(main.contains("param subscribe bool = false"));
    for (way, module) in SUBSCRIPTIONS {
        assert!(main.contains(&format!("'modules/{module}.bicep' = if (subscribe && way == '{way}')")), "{way}");
    }
    for (name, bicep) in modules() {
        let subscribes = SUBSCRIPTIONS.iter().any(|(_, module)| *module == name);
        assert_eq!(bicep.contains("/eventSubscriptions@"), subscribes, "{name}");
    }
}

#[test]
fn every_alert_has_its_paragraph() {
    let operate = text("docs/operate.md");
    let mut names = BTreeSet::new();
    for (_, bicep) in modules() {
        let resources = bicep.split("\nresource ").filter(|block| {
            block.contains("'Microsoft.Insights/metricAlerts@")
                || block.contains("'Microsoft.Insights/scheduledQueryRules@")
        });
        for alert in resources {
            names.insert(between(alert, "  name: '${prefix}-", "'").replace('-', " "));
        }
    }
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        assert!(operate.contains(&format!("alert *{name}*")), "docs/operate.md: {name}");
    }
    // The mail tells them apart by these.
    let alerts = module("event-grid-alerts");
    for (metric, dimension) in [("DeadLetteredCount", "DeadLetterReason"), ("DeliveryAttemptFailCount", "Error")] {
        let criterion = between(&alerts, &format!("metricName: '{metric}'"), "threshold: ");
        assert!(
            criterion.contains(&format!("dimensions: [{{ name: '{dimension}', operator: 'Include', values: ['*'] }}]"))
        );
    }
}

#[test]
fn the_alert_on_failed_batches_looks_for_what_the_handler_logs() {
    let logged = between(&module("failed-batches-alert"), "has \"", "\"").to_owned();
    assert!(text("src/failure.rs").contains(&format!("\"{logged}.")), "{logged}");
}

#[test]
fn every_module_is_used_and_every_description_says_something() {
    let main = main_bicep();
    for (name, _) in modules() {
        assert!(main.contains(&format!("'modules/{name}.bicep'")), "{name}");
    }
    // Two environments can be deployed into one group at once.
    for deployment in main.split("\nmodule ").skip(1) {
        let name = between(deployment, "\n  name: '", "'");
        assert!(name.ends_with("-${token}"), "{name}");
    }
    for block in main.split("\n\n").filter(|block| block.lines().any(|line| line.starts_with("param "))) {
        assert!(block.contains("@description('"), "{block}");
    }
}

/// What azd hands over is an environment, so that a parameter without a variable could not be set.
#[test]
fn every_parameter_has_a_variable_and_one_default() {
    let main = main_bicep();
    let file = text("infra/main.bicepparam");
    let assigned: Vec<_> = file.split("\nparam ").skip(1).map(|rest| rest.split_once(" = ").unwrap()).collect();
    let names: Vec<_> = assigned.iter().map(|(name, _)| *name).collect();
    let declared: Vec<_> = main.split("\nparam ").skip(1).map(|rest| rest.split(' ').next().unwrap()).collect();
    assert_eq!(names, declared, "in the same order");
    for (name, value) in assigned {
        let default = between(value, "', '", "')");
        let declaration = between(&main, &format!("\nparam {name} "), "\n\n").split_once(" = ").unwrap().1;
        let same = match declaration {
            "[]" => default.is_empty(),
            // Of several members, each has its own.
            object if object.starts_with("{\n") => object.contains(&format!("'{default}'")),
            simple => simple == default || simple == format!("'{default}'"),
        };
        assert!(same, "{name}: {declaration} and {default}");
    }
}

/// azd makes variables of outputs: the value of this deployment would be a parameter of the next.
#[test]
fn no_output_is_a_parameter() {
    let file = text("infra/main.bicepparam");
    for output in main_bicep().split("\noutput ").skip(1).map(|rest| rest.split(' ').next().unwrap().to_owned()) {
        // The value is the parameter's own.
        let same = output == "EVENT_HUB_NAME";
        assert!(same || !file.contains(&format!("'{output}'")), "{output}");
    }
}

#[test]
fn the_settings_are_those_that_the_handler_reads() {
    let known = setting_names();
    let main = main_bicep();
    let bridge = keys(between(&main, "bridgeSettings: {\n", "    }\n"));
    assert!(bridge.len() >= 7, "{bridge:?}");
    for name in &bridge {
        assert!(known.iter().any(|known| known == name), "src/settings/names.rs does not read {name}");
    }
    let app = module("function-app");
    for name in keys(between(&app, "union(bridgeSettings, triggerSettings, {\n", "  })")) {
        let of_the_host = name.starts_with("AzureWebJobsStorage__") || name.starts_with("APPLICATIONINSIGHTS_");
        assert!(of_the_host || known.iter().any(|known| known == name), "{name}");
    }
}

#[test]
fn the_handler_takes_every_value_that_the_template_can_give() {
    let main = main_bicep();
    let tables = between(&main, "recordFormat == 'data-history'\n      ? '", "'");
    for (setting, parameter) in
        [("RECORD_FORMAT", "recordFormat"), ("EVENT_HUB_BODY", "eventHubBody"), ("OBJECT_VALUES", "objectValues")]
    {
        assert!(main.contains(&format!("      {setting}: {parameter}\n")), "{setting}");
        let before = main.split_once(&format!("param {parameter} string = '")).unwrap();
        let allowed = before.0.rsplit_once("@allowed([").unwrap().1;
        let default = before.1.split_once('\'').unwrap().0;
        let allowed: Vec<_> = allowed.split('\'').skip(1).step_by(2).collect();
        assert!(allowed.len() >= 2 && allowed.contains(&default), "{parameter}: {allowed:?}");
        for value in allowed {
            Settings::read(|name| match name {
                "FUNCTIONS_CUSTOMHANDLER_PORT" => Some("0".to_owned()),
                "IDENTITY_ENDPOINT" => Some("http://127.0.0.1/msi".to_owned()),
                "EVENT_HUB__fullyQualifiedNamespace" => Some("evhns-x.servicebus.windows.net".to_owned()),
                "EVENT_HUB_NAME" => Some("twins".to_owned()),
                "EVENT_HUB_TABLES" => Some(tables.to_owned()),
                // What an instance-less deployment gives.
                "SERVICE_ID" => Some(String::new()),
                name if name == setting => Some(value.to_owned()),
                _ => None,
            })
            .unwrap_or_else(|mistakes| panic!("{mistakes}"));
        }
    }
}

#[test]
fn event_grid_delivers_what_the_bridge_knows() {
    let main = main_bicep();
    let types = between(&main, "var allEventTypes = [", "]");
    let types: Vec<_> = types.split('\'').skip(1).step_by(2).collect();
    let known = text("records/src/event/interpretation.rs") + &text("records/src/event/envelope.rs");
    assert_eq!(types.len(), 7);
    for event_type in types {
        assert!(known.contains(&format!("\"{event_type}\"")), "{event_type}");
    }
}

#[test]
fn events_name_the_tables_that_the_script_makes() {
    let kql = text("infra/data-explorer.kql");
    let tables: Vec<_> = kql
        .lines()
        .filter_map(|line| line.strip_prefix(".create-merge table ")?.split_once(' '))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(tables.len(), 3);
    assert!(main_bicep().contains(&format!("'{}'", tables.join(","))), "{tables:?}");
    // A table or mapping of the connection would be a second answer to the same question: docs/queries.md.
    let connection = module("data-explorer-connection");
    assert!(!connection.contains("tableName") && !connection.contains("mappingRuleName"));
    assert!(connection.contains("dataFormat: eventHubBody == 'array' ? 'MULTIJSON' : 'JSON'"));
}
