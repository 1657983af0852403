use serde_json::value::RawValue;
use time::macros::datetime;

use super::*;
use crate::{
    config::{Config, ObjectValues, RecordFormat},
    conversion::{Converted, convert},
};

const RECEIVED_AT: &str = "2026-01-01T00:00:00.0000000Z";

fn lines(event: &str, config: &Config) -> String {
    let raw: Box<RawValue> = serde_json::from_str(event).unwrap();
    match convert(&raw, config, RECEIVED_AT) {
        Ok(Converted::Records(_, records)) => {
            let lines: Vec<_> = records.iter().map(|record| str::from_utf8(record.text).unwrap().to_owned()).collect();
            lines.join("\n")
        }
        Ok(Converted::Ignored { event_type }) => format!("ignored: {event_type}"),
        Err(bad) => format!("bad: {bad}"),
    }
}

fn time_series_insights() -> Config {
    Config { format: RecordFormat::TimeSeriesInsights, ..Config::default() }
}

/// Every shape of notification that we know, in both schemas: `tests/fixtures/notifications/README.md` says where each
/// is from, and the snapshots beside this file what becomes of it.
#[test]
fn records_of_every_notification() {
    insta::glob!("../../../tests/fixtures/notifications", "*.json", |path| {
        let event = std::fs::read_to_string(path).unwrap();
        let flat = lines(&event, &Config::default());
        let kept = lines(&event, &Config { object_values: ObjectValues::Keep, ..Config::default() });
        let insights = lines(&event, &time_series_insights());
        let kept = if kept == flat { String::new() } else { format!("\n\nOBJECT_VALUES=keep:\n{kept}") };
        insta::assert_snapshot!(format!("{flat}{kept}\n\nRECORD_FORMAT=time-series-insights:\n{insights}"));
    });
}

#[test]
fn the_setting_names_the_instance_only_where_the_event_does_not() {
    let config = Config { service_id: Some("from.the.setting".to_owned()), ..Config::default() };
    let event_grid = include_str!("../../../tests/fixtures/notifications/twin-update.eventgrid.json");
    assert!(lines(event_grid, &config).contains(r#""ServiceId":"from.the.setting""#));
    let cloud_event = include_str!("../../../tests/fixtures/notifications/twin-update.cloudevents.json");
    assert!(
        lines(cloud_event, &config).contains(r#""ServiceId":"my-example-digital-twin.api.sea.digitaltwins.azure.net""#)
    );
}

#[test]
fn without_a_usable_time_all_records_carry_the_time_of_receipt() {
    let event = r#"{"id":"e","eventType":"Microsoft.DigitalTwins.Twin.Update","subject":"t","eventTime":"0001-01-01T00:00:00Z",
        "data":{"data":{"patch":[{"op":"add","path":"/a","value":1},{"op":"remove","path":"/b"}]}}}"#;
    insta::assert_snapshot!(lines(event, &Config::default()), @r#"
    {"TimeStamp":"2026-01-01T00:00:00.0000000Z","Id":"t","Key":"a","Value":1,"Action":"Update","EventId":"e#0"}
    {"TimeStamp":"2026-01-01T00:00:00.0000000Z","Id":"t","Key":"b","Value":null,"Action":"Delete","EventId":"e#1"}
    "#);
}

#[test]
fn in_a_flat_record_the_last_value_of_a_key_wins_and_a_removal_is_null() {
    let event = r#"{"id":"e","eventType":"Microsoft.DigitalTwins.Twin.Update","subject":"t","eventTime":"2021-12-09T20:28:52Z",
        "data":{"data":{"modelId":"m","patch":[{"op":"add","path":"/a","value":1.10},{"op":"add","path":"/b","value":2},
        {"op":"replace","path":"/a","value":3},{"op":"remove","path":"/b"}]}}}"#;
    insta::assert_snapshot!(lines(event, &time_series_insights()), @r#"{"$dtId":"t","a":3,"b":null,"$eventId":"e#0","$timestamp":"2021-12-09T20:28:52Z","$modelId":"m"}"#);
}

/// `flatten` gives the same keys whether an object is replaced or each of its members.
#[test]
fn replacing_an_object_and_replacing_its_members_give_the_same_keys() {
    let event = |patch: &str| {
        format!(
            r#"{{"id":"e","eventType":"Microsoft.DigitalTwins.Twin.Update","subject":"t","eventTime":"2021-12-09T20:28:52Z","data":{{"data":{{"patch":{patch}}}}}}}"#
        )
    };
    let object = event(r#"[{"op":"replace","path":"/o","value":{"x":1,"y.z":{"w":2}}}]"#);
    let members = event(r#"[{"op":"replace","path":"/o/x","value":1},{"op":"replace","path":"/o/y.z/w","value":2}]"#);
    assert_eq!(lines(&object, &Config::default()), lines(&members, &Config::default()));
}

#[test]
fn times_are_written_as_the_service_writes_them() {
    assert_eq!(time_stamp(datetime!(2026-11-23 21:08:18.97953634 +2)), "2026-11-23T19:08:18.9795363Z");
}
