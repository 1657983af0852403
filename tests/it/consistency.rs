//! Files that name the same things must go on doing so: what the host reads, what the handler reads, what Azure is told,
//! and what people are told.

use std::{path::Path, sync::Arc};

use event_hub_producer::Access;
use local_azure::{
    event_hubs,
    functions_host::{Config, FunctionsHost, Handler, Log, Storage},
};
use package_function::package;
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};
use twin_bridge::settings::Settings;

use crate::{
    handler::{TIMEOUT, hub, settings, update},
    repository::{between, files, json, root, setting_names, text},
};

/// The folder with the function.json of the Event Grid trigger, which is the function's name.
const FUNCTION: &str = "function";
/// The same of the HTTP trigger that Event Grid's own requests come by.
const WEBHOOK: &str = "webhook";
/// The port of Event Hubs in plain AMQP, which `cargo local` takes.
const AMQP: u16 = 5672;

/// The binding of function.json with this direction.
fn binding(direction: &str) -> Value {
    let function = json(&format!("{FUNCTION}/function.json"));
    let bindings = function["bindings"].as_array().unwrap();
    let found: Vec<_> = bindings.iter().filter(|binding| binding["direction"] == direction).collect();
    assert_eq!(found.len(), 1);
    found[0].clone()
}

/// What people read, and the scripts that do what it says.
fn documents() -> Vec<(String, String)> {
    let docs = files("docs", "md").into_iter();
    let all = docs.chain(["README.md", "SECURITY.md", "CONTRIBUTING.md", "azure.yaml"].map(|name| root().join(name)));
    all.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The values of local.settings.json.example.
fn example() -> Vec<(String, String)> {
    let example = json("local.settings.json.example");
    let values = example["Values"].as_object().unwrap();
    values.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn example_value(name: &str) -> String {
    example().into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
}

#[test]
fn everyone_calls_the_functions_by_their_names() {
    let folders = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut functions: Vec<_> =
        folders.filter(|path| path.join("function.json").exists() && !path.ends_with("dist")).collect();
    functions.sort();
    assert_eq!(functions, [FUNCTION, WEBHOOK].map(|name| root().join(name)));
    for name in [FUNCTION, WEBHOOK] {
        assert!(text(".funcignore").lines().any(|line| line == format!("!/{name}/")), "{name}");
    }
    let ways =
        format!("@allowed(['{WEBHOOK}', '{FUNCTION}', 'event-hub', 'service-bus'])\nparam way string = '{WEBHOOK}'");
    assert!(text("infra/main.bicep").contains(&ways));
    let subscription = |name: &str| text(&format!("infra/modules/{name}-subscription.bicep"));
    assert!(subscription(FUNCTION).contains(&format!("'${{site.id}}/functions/{FUNCTION}'")));
    assert!(subscription(WEBHOOK).contains(&format!("'functions' existing = {{\n    name: '{WEBHOOK}'")));
    let ways = text("local-azure/src/bin/local-azure/options.rs");
    for (way, name) in [("Webhook", WEBHOOK), ("Function", FUNCTION)] {
        assert!(ways.contains(&format!("Self::{way} => \"{name}\",")), "{name}");
    }
    for (path, text) in documents() {
        for call in text.split("functionName=").skip(1) {
            let name: String = call.chars().take_while(|c| c.is_alphanumeric()).collect();
            assert_eq!(name, FUNCTION, "{path}");
        }
    }
}

#[test]
fn the_trigger_takes_whole_deliveries() {
    let trigger = binding("in");
    assert_eq!((&trigger["type"], &trigger["cardinality"]), (&json!("eventGridTrigger"), &json!("many")));
    // The stand-ins and tests post what the host would.
    let posted = json("tests/fixtures/invocation.json");
    assert!(posted["Data"].get(trigger["name"].as_str().unwrap()).is_some());
}

#[test]
fn the_webhook_gets_event_grids_own_requests() {
    assert_eq!(
        json(&format!("{WEBHOOK}/function.json"))["bindings"],
        json!([
            {
                "type": "httpTrigger",
                "name": "request",
                "direction": "in",
                // Event Grid posts, and asks with OPTIONS whether it may post CloudEvents.
                "methods": ["post", "options"],
                "authLevel": "function",
                "route": "events",
            },
            {"type": "http", "name": "$return", "direction": "out"},
        ])
    );
    // Without it the host would wrap requests into invocations.
    assert_eq!(json("host.json")["customHandler"]["enableForwardingHttpRequest"], true);
}

/// The key of the webhook is in the address.
/// Nothing that an attribute could be taken from but the message itself, and no batch that is skipped for an outage.
#[test]
fn messages_come_as_they_are_and_as_often_as_it_takes() {
    for trigger in ["event-hub", "service-bus"] {
        let function = json(&format!("triggers/{trigger}/function.json"));
        let binding = &function["bindings"][0];
        assert_eq!((&binding["cardinality"], &binding["dataType"]), (&json!("many"), &json!("binary")), "{trigger}");
        // Service Bus has no policy: there the subscription counts.
        let retries = if trigger == "event-hub" { json!(-1) } else { Value::Null };
        assert_eq!(function["retry"]["maxRetryCount"], retries, "{trigger}");
    }
}

#[test]
fn the_host_logs_no_addresses() {
    let logging = json("host.json")["logging"].clone();
    let category = "Microsoft.AspNetCore.Hosting.Diagnostics";
    assert_eq!(logging["logLevel"][category], "Warning");
    assert_eq!(logging["applicationInsights"]["enableDependencyTracking"], false);
    let security = text("SECURITY.md");
    assert!(security.contains(category) && security.contains("enableDependencyTracking"));
}

#[test]
fn dead_letters_have_one_container() {
    // The handler's default, in the account of the host, which the template gives by identity and the example by Azurite.
    let container = between(&text("src/settings/dead_letters.rs"), "DEFAULT_CONTAINER: &str = \"", "\"").to_owned();
    let storage = text("infra/modules/storage.bicep");
    assert!(between(&storage, "resource deadLetters ", "\n}").contains(&format!("name: '{container}'")));
    assert!(text("docs/operate.md").contains(&format!("`{container}`")));
    assert!(text("infra/modules/function-app.bicep").contains("    AzureWebJobsStorage__blobServiceUri: "));
    assert_eq!(example_value("AzureWebJobsStorage"), "UseDevelopmentStorage=true");
}

#[test]
fn the_executable_has_one_name() {
    let host = json("host.json");
    let executable = &host["customHandler"]["description"]["defaultExecutablePath"];
    // Exactly this, without `./`: func gives the execute bit to the entry whose name is equal.
    assert_eq!(executable, package::EXECUTABLE);
    assert_eq!(env!("CARGO_PKG_NAME"), package::EXECUTABLE);
    let local = example_value("AzureFunctionsJobHost__customHandler__description__defaultExecutablePath");
    assert_eq!(local, format!("target/debug/{}", package::EXECUTABLE));
}

#[test]
fn the_host_waits_longer_than_a_delivery_may_take() {
    assert_eq!(json("host.json")["functionTimeout"], "00:06:00");
}

#[test]
fn the_example_settings_are_the_handlers_or_the_hosts() {
    let known = setting_names();
    for (name, _) in example() {
        let of_the_host = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"].contains(&&*name)
            || name.starts_with("AzureFunctionsJobHost__");
        assert!(of_the_host || known.contains(&name), "{name}");
    }
    assert_eq!(example_value("FUNCTIONS_WORKER_RUNTIME"), "custom");
}

#[test]
fn the_handler_takes_the_example_settings() {
    let example = example();
    let lookup = |name: &str| match name {
        "FUNCTIONS_CUSTOMHANDLER_PORT" => Some("7072".to_owned()),
        _ => example.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()),
    };
    let settings = Settings::read(lookup).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let Access::ConnectionString(access) = settings.hub.access else { panic!("a connection string") };
    assert!(access.use_development_emulator);
    assert_eq!((&*access.host, access.port), ("127.0.0.1", Some(AMQP)));
}

#[test]
fn the_example_connection_string_is_that_of_the_local_event_hubs_endpoint() {
    // On a port of its own choice, so that the test can run beside `cargo local`; nothing else may differ.
    let hubs = event_hubs::EventHubs::start(event_hubs::Config::default()).unwrap();
    let hub = &event_hubs::Config::default().hubs[0].name;
    let served = hubs.connection_string(hub).replace(&format!(":{};", hubs.address().port()), &format!(":{AMQP};"));
    assert_eq!(example_value("EVENT_HUB"), served);
    assert!(
        text("local-azure/src/bin/local-azure/azure.rs").contains(&format!("const EVENT_HUBS_PORT: u16 = {AMQP};"))
    );
    assert!(text("infra/main.bicep").contains(&format!("param eventHubName string = '{hub}'")));
}

#[test]
fn the_readme_explains_every_setting() {
    let readme = text("README.md");
    // Set by the platform, not by people.
    let platform = ["FUNCTIONS_CUSTOMHANDLER_PORT", "IDENTITY_ENDPOINT"];
    for name in setting_names().iter().filter(|name| !platform.contains(&&***name)) {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn documents_name_only_settings_that_exist() {
    let known = setting_names();
    let ours = ["EVENT_HUB", "RECORD_", "OBJECT_", "DELIVERY_", "DEAD_L", "LOG_L", "LOG_F", "SERVICE_ID"];
    // Outputs of infra/main.bicep, which azd puts into the environment.
    let outputs = text("infra/main.bicep");
    for (path, text) in documents() {
        for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            if ours.iter().any(|prefix| word.starts_with(prefix)) {
                let output = outputs.contains(&format!("output {word} "));
                assert!(output || known.iter().any(|name| name == word), "{path}: {word}");
            }
        }
    }
}

#[test]
fn documents_name_only_parameters_that_exist() {
    let parameters = text("infra/main.bicep");
    let variables = text("infra/main.bicepparam");
    let deploy = text("docs/deploy.md");
    for table in deploy.split("| parameter |").skip(1) {
        for row in table.lines().skip(2).take_while(|row| row.starts_with('|')) {
            for name in row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
                assert!(parameters.contains(&format!("param {name} ")), "docs/deploy.md: {name}");
            }
        }
    }
    for line in variables.lines().filter_map(|line| line.strip_prefix("param ")) {
        let (name, _) = line.split_once(" = ").unwrap();
        assert!(parameters.contains(&format!("param {name} ")), "infra/main.bicepparam: {name}");
    }
    for command in deploy.split("azd env set ").skip(1) {
        let name = command.split_whitespace().next().unwrap();
        let standard = name.starts_with("AZURE_");
        assert!(standard || variables.contains(&format!("'{name}'")), "docs/deploy.md: {name}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for (path, text) in documents() {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { path.clone().into() } else { Path::new(&path).with_file_name("").join(file) };
            assert!(target.exists(), "{path}: {link}");
            if !heading.is_empty() {
                let target = std::fs::read_to_string(target).unwrap();
                let headings = target.lines().filter(|line| line.starts_with('#'));
                assert!(headings.map(anchor).any(|anchor| anchor == heading), "{path}: {link}");
            }
        }
    }
}

/// What a link calls a heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn what_operators_search_for_is_what_the_handler_logs() {
    let mut source = String::new();
    for path in files("src", "rs").into_iter().chain(files("event-hub/src", "rs")) {
        source += &std::fs::read_to_string(path).unwrap();
    }
    let operate = text("docs/operate.md");
    let phrases: Vec<_> = operate.split("message has \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(phrases.len() >= 3, "{phrases:?}");
    for phrase in phrases {
        assert!(source.contains(phrase), "docs/operate.md searches for {phrase:?}");
    }
}

/// The line that the host gets on stdout, which becomes a trace.
#[tokio::test]
async fn the_query_takes_the_line_of_a_delivery_apart() {
    let (hub, blobs) = (hub(), tempfile::tempdir().unwrap());
    let lines = Arc::new(watch::Sender::new(None));
    let mut config = Config::new(root(), Storage::Folder(blobs.path().to_owned()));
    config.handler = Handler::Executable(env!("CARGO_BIN_EXE_twin-bridge").into());
    config.environment = settings(&hub);
    config.log = Log::new({
        let lines = Arc::clone(&lines);
        move |line| {
            if line.message.contains("Delivered") {
                lines.send_replace(Some(line.message.clone()));
            }
        }
    });
    let host = FunctionsHost::start(config).await.unwrap();
    let mut delivered = lines.subscribe();
    reqwest::Client::new()
        .post(host.webhook_url(FUNCTION))
        .header("aeg-event-type", "Notification")
        .header("content-type", "application/json; charset=utf-8")
        .body(json!([update("e", "t", &[("/a", json!(1)), ("/b", json!(2))])]).to_string())
        .send()
        .await
        .unwrap();
    let line = timeout(TIMEOUT, delivered.wait_for(Option::is_some)).await.unwrap().unwrap().clone().unwrap();
    host.stop().await;

    // parse message with * "events=" events:long " records=" records:long ... *
    let operate = text("docs/operate.md");
    let pattern = between(&operate, "| parse message with * ", " *\n");
    let mut rest = line.as_str();
    let mut parts = pattern.split('"').skip(1);
    while let (Some(literal), Some(column)) = (parts.next(), parts.next()) {
        rest = rest.split_once(literal).unwrap_or_else(|| panic!("no {literal:?} in {line:?}")).1;
        let value: String = rest.chars().take_while(char::is_ascii_digit).collect();
        match column.trim() {
            "events:long" => assert_eq!(value, "1"),
            "records:long" => assert_eq!(value, "2"),
            "ms:long" => assert!(!value.is_empty()),
            _ => assert_eq!(value, "0", "{column} in {line:?}"),
        }
        rest = &rest[value.len()..];
    }
}
