use super::*;

fn seen(text: &str) -> Vec<Result<&str, String>> {
    events(text).map(|event| event.map(RawValue::get).map_err(|unreadable| unreadable.reason)).collect()
}

#[test]
fn events_are_found_in_every_arrangement() {
    for text in [
        r#"[{"a":1},{"b":2}]"#,
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"a\":1}\r\n\r\n[{\"b\":2}]",
        " {\"a\":1}{\"b\":2} ",
        "\u{feff}[{\"a\":1},{\"b\":2}]",
    ] {
        assert_eq!(seen(text), [Ok(r#"{"a":1}"#), Ok(r#"{"b":2}"#)], "{text:?}");
    }
    assert!(seen("").is_empty());
    assert!(seen(" \n []").is_empty());
}

#[test]
fn a_broken_line_does_not_take_its_neighbours_along() {
    let events = seen("{\"a\":1}\n{\"b\":\n{\"c\":3}\nnonsense\n{\"d\":4}");
    let good: Vec<_> = events.iter().filter_map(|event| event.as_ref().ok()).collect();
    assert_eq!(good, [&r#"{"a":1}"#, &r#"{"c":3}"#, &r#"{"d":4}"#]);
    assert_eq!(events.len(), 5);
}

#[test]
fn what_is_too_deep_is_refused() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let text = format!(r#"[{deep},{{"a":1}}]"#);
    let seen = seen(&text);
    assert_eq!(seen[1], Ok(r#"{"a":1}"#), "and its neighbour is not");
    insta::assert_snapshot!(seen[0].as_ref().unwrap_err(), @"It is nested deeper than 128 levels.");
}
