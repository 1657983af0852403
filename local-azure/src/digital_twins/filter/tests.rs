use proptest::prelude::*;
use serde_json::json;

use super::Filter;
use crate::digital_twins::{
    Telemetry,
    notification::{Kind, Notification},
};

const HOST: &str = "factory.api.weu.digitaltwins.azure.net";

fn update() -> Notification {
    let data = json!({
        "modelId": "dtmi:example:Room;1",
        "patch": [{"value": 1, "path": "/a", "op": "replace"}],
        "nested": {"Temperature": 21.5, "on": true, "nothing": null, "count": 3},
    });
    Notification::of_change(Kind::TwinUpdate, HOST, "room1".to_owned(), "2021-12-09T20:28:52.9795363Z".to_owned(), data)
}

fn telemetry() -> Notification {
    let telemetry = Telemetry::new("m1", json!({"Temperature": 30}));
    Notification::of_telemetry(HOST, "room1", telemetry, "dtmi:example:Room;1".to_owned())
}

fn holds(filter: &str, notification: &Notification) -> bool {
    Filter::parse(filter).unwrap_or_else(|problem| panic!("{filter}: {problem}")).matches(notification)
}

#[test]
fn a_filter_says_which_notifications_pass() {
    let passing = [
        "true",
        "TRUE",
        "type = 'Microsoft.DigitalTwins.Twin.Update'",
        "source = 'factory.api.weu.digitaltwins.azure.net'",
        "subject = 'room1' AND specversion = '1.0' AND datacontenttype = 'application/json'",
        "$body.modelId = 'dtmi:example:Room;1'",
        "STARTS_WITH($body.modelId, 'dtmi:example:') and ends_with($body.modelId, ';1') AND CONTAINS(subject,'oom')",
        "$body.nested.Temperature > 21 AND $body.nested.Temperature <= 21.5 AND $body.nested.count >= 3",
        "$body.nested.count = 3.0",
        "$body.nested.count < 4 AND -1 < $body.nested.count",
        "$body.nested.on = true AND $body.nested.on != false",
        "$body.nested.nothing = null AND $body.missing = null AND $body.modelId != null",
        "type = 'x' OR subject = 'room1' AND specversion = '1.0'",
        "NOT (type = 'x' OR subject = 'room2')",
        "(type != 'microsoft.iot.telemetry' OR datacontenttype = 'application/json') OR (specversion != '1.0')",
    ];
    for filter in passing {
        assert!(holds(filter, &update()), "{filter}");
    }
    let stopping = [
        "false",
        "type = 'microsoft.digitaltwins.twin.update'",
        "(type = 'x' OR subject = 'room1') AND specversion = '2.0'",
        "$body.modelid = 'dtmi:example:Room;1'",
        "$body.patch.path = '/a'",
        "$body.patch = '/a'",
        "$body.nested = null",
        "$body.nested.Temperature > '21'",
        "$body.nested.on > false",
        "CONTAINS($body.nested.count, '3')",
        "dataschema = 'dtmi:example:Room;1'",
        "NOT NOT subject != 'room1'",
    ];
    for filter in stopping {
        assert!(!holds(filter, &update()), "{filter}");
    }
}

#[test]
fn telemetry_is_seen_as_the_cloud_event_that_it_is() {
    for filter in [
        "type = 'microsoft.iot.telemetry' AND dataschema = 'dtmi:example:Room;1' AND id = 'm1'",
        "source = 'factory.api.weu.digitaltwins.azure.net/digitaltwins/room1'",
        "subject = null AND $body.Temperature = 30",
    ] {
        assert!(holds(filter, &telemetry()), "{filter}");
    }
    assert!(!holds("subject = 'room1'", &telemetry()));
}

#[test]
fn a_filter_that_makes_no_sense_is_refused_with_a_sentence_that_says_why() {
    let deep = format!("{}true{}", "(".repeat(40), ")".repeat(40));
    let long = format!("subject = '{}'", "x".repeat(5000));
    for (filter, problem) in [
        ("", "missing before the end of the filter"),
        ("type =", "missing before the end of the filter"),
        ("type", "A comparison"),
        ("type = 'x' type = 'y'", "A filter ends before type"),
        ("Type = 'x'", "Type is not known"),
        ("$eventType = 'x'", "$eventType is not known"),
        ("type = x", "x is not known"),
        ("type = 'x", "no closing quote"),
        ("type = \"x\"", "has no meaning here"),
        ("(true", ") is missing"),
        ("true)", "A filter ends before )"),
        ("STARTS_WITH(subject)", ", is missing before )"),
        ("$body. = 1", "empty name"),
        ("$body.a..b = 1", "empty name"),
        ("$body.a = 1.2.3", "1.2.3 is no number"),
        ("$body.a = 1e999", "1e999 is no number"),
        ("AND", "AND is not known"),
        (&deep, "nests deeper"),
        (&long, "longer than"),
    ] {
        let refusal = Filter::parse(filter).unwrap_err();
        assert!(refusal.contains(problem), "{filter}: {refusal}");
    }
}

/// Filters that are nearly right, which go further into the parser than any text would.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "type",
        "$body.a.b",
        "$body.",
        "'x'",
        "'",
        "\\",
        "=",
        "!=",
        "<",
        "(",
        ")",
        ",",
        "AND",
        "or",
        "NOT",
        "true",
        "null",
        "STARTS_WITH",
        "CONTAINS(",
        "-1",
        "1.",
        "é",
        " ",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in prop_oneof![any::<String>(), nearly()]) {
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(&update());
            filter.matches(&telemetry());
        }
    }
}
