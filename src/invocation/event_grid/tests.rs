use twin_records::Received;

use crate::invocation::{BadInvocation, read};

fn events_of(body: &str) -> Result<Vec<String>, BadInvocation> {
    let delivery = read(body.into())?;
    let events = Received::all(&delivery.events).ok_or(BadInvocation::NotEvents)?;
    Ok(events.into_iter().map(|event| event.text.to_owned()).collect())
}

fn bad(body: &str) -> String {
    events_of(body).unwrap_err().to_string()
}

#[test]
fn every_wrapping_of_the_host_comes_off() {
    let event = r#"{"id":"e","v":1.10}"#;
    let array = format!("[{event},{event}]");
    let string = |text: &str| serde_json::to_string(text).unwrap();
    for (value, count) in [
        (event.to_owned(), 1),
        (array.clone(), 2),
        (string(event), 1),
        (string(&array), 2),
        (string(&string(&array)), 2),
        (string(&format!(" \n{array} ")), 2),
        ("[]".to_owned(), 0),
        (string("[]"), 0),
        ("null".to_owned(), 0),
    ] {
        for binding in ["events", "event", "x y"] {
            let body = format!(r#"{{"Data":{{"{binding}":{value}}},"Metadata":{{"data":{value}}}}}"#);
            assert_eq!(events_of(&body).unwrap(), vec![event.to_owned(); count], "{body}");
        }
    }
}

#[test]
fn a_missing_binding_is_a_delivery_of_nothing() {
    assert!(events_of(r#"{"Data":{},"Metadata":{}}"#).unwrap().is_empty());
}

#[test]
fn our_binding_is_found_among_others() {
    assert_eq!(events_of(r#"{"Data":{"a":5,"events":[{}],"z":{}}}"#).unwrap(), ["{}"]);
}

#[test]
fn white_space_between_events_is_none_of_them() {
    assert_eq!(
        events_of("{\"Data\":{\"events\":[ {\"a\": 1 } ,\t5\n,\r\n\"x\" ]}}").unwrap(),
        [r#"{"a": 1 }"#, "5", "\"x\""]
    );
    assert!(events_of("{\"Data\":{\"events\":[ \n ]}}").unwrap().is_empty());
}

#[test]
fn what_an_array_holds_is_not_judged_here() {
    assert_eq!(events_of(r#"{"Data":{"events":[5,"x",null,{}]}}"#).unwrap(), ["5", "\"x\"", "null", "{}"]);
}

#[test]
fn metadata_is_skipped_however_deep_it_is() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for events in [r"[{}]", r#""[{}]""#] {
        for metadata in [deep.clone(), format!(r#"{{"data":{deep}}}"#)] {
            let body = format!(r#"{{"Data":{{"events":{events}}},"Metadata":{metadata}}}"#);
            assert_eq!(events_of(&body).unwrap(), ["{}"]);
        }
    }
}

#[test]
fn a_body_that_breaks_off_is_refused_or_holds_all_events() {
    let body = r#"{"Data":{"events":"[{\"id\":\"e\"}]"},"Metadata":{"data":"[{\"a\":{}}]","sys":{"x":{"y":1}}}} "#;
    for end in 0..body.len() {
        match events_of(&body[..end]) {
            Ok(events) => assert_eq!((events, &body[end - 2..end]), (vec![r#"{"id":"e"}"#.to_owned()], "}}")),
            Err(bad) => assert_eq!(bad, BadInvocation::NotAnEnvelope, "{end}"),
        }
    }
}

#[test]
fn bodies_that_are_no_invocation_say_why() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "5",
        "x",
        r#"{"Data":[]}"#,
        r#"{"data":{"events":[]}}"#,
        r#"{"Data":{"events":[]}"#,
        "\u{feff}{",
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(body), @r#"The body is not an invocation of the Functions host: a JSON object with the member "Data", an object."#);
        }
    }
    insta::assert_snapshot!(bad(r#"{"Data":{"a":[],"b":[]}}"#), @r#"The invocation holds several bindings and none named "events": name the trigger so in function/function.json."#);
    for value in [
        "5",
        "true",
        r#""""#,
        r#""text""#,
        r#""[{]""#,
        r#""5""#,
        r#""[] []""#,
        r#""[5,]""#,
        r#""[,5]""#,
        r#""[5 5]""#,
        r#""{} {}""#,
        r#""{},{}""#,
        r#""{}]""#,
        r#""[{}""#,
        r#""[{}]]""#,
        r#""[5""#,
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&format!(r#"{{"Data":{{"events":{value}}}}}"#)), @r#"The binding holds neither an event nor an array of events: is its type "eventGridTrigger" in function/function.json?"#);
        }
    }
}
