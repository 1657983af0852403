use serde_json::Value;

use serde_json::value::RawValue;

use super::*;
use crate::config::ObjectValues;

mod properties;

/// The changes of a patch, written down as `key = value`, `key removed`, with `@ source time` where there is one.
fn flattened(patch: &str, objects: ObjectValues) -> Result<Vec<String>, BadPayload> {
    let raw = RawValue::from_string(patch.to_owned()).unwrap();
    let changes = Patch::read(&raw)?.changes(objects)?;
    Ok(changes
        .iter()
        .map(|change| {
            let value = change.value.as_ref().map_or(" removed".to_owned(), |value| format!(" = {}", value.get()));
            let time = change.source_time.as_ref().map_or(String::new(), |time| format!(" @ {time}"));
            format!("{}{value}{time}", change.key)
        })
        .collect())
}

fn flat(patch: &str) -> Vec<String> {
    flattened(patch, ObjectValues::Flatten).unwrap()
}

fn kept(patch: &str) -> Vec<String> {
    flattened(patch, ObjectValues::Keep).unwrap()
}

fn bad(patch: &str) -> String {
    flattened(patch, ObjectValues::Flatten).unwrap_err().to_string()
}

#[test]
fn add_and_replace_update_and_remove_deletes() {
    let patch =
        r#"[{"op":"add","path":"/a","value":1},{"value":null,"path":"/b","op":"replace"},{"op":"remove","path":"/c"}]"#;
    assert_eq!(flat(patch), ["a = 1", "b = null", "c removed"]);
}

#[test]
fn numbers_and_texts_stay_as_they_came() {
    let values = [
        "1.10",
        "1E-07",
        "100000.0",
        "123456789012345678901234567890",
        "-0.0",
        "1e400",
        r#""22.3""#,
        r#""a\u00e4\/b""#,
        r#""\ud800""#,
        "true",
    ];
    for value in values {
        assert_eq!(flat(&format!(r#"[{{"op":"add","path":"/v","value":{value}}}]"#)), [format!("v = {value}")]);
    }
}

#[test]
fn a_path_becomes_a_key_that_can_be_taken_apart() {
    let patch = r#"[
        {"op":"add","path":"/Front/Temperature","value":1},
        {"op":"add","path":"/labels/v1.2","value":2},
        {"op":"add","path":"/labels/a~1b~0c","value":3},
        {"op":"add","path":"/labels/back\\slash","value":4},
        {"op":"add","path":"/","value":5},
        {"op":"remove","path":"/list/0"}
    ]"#;
    let expected = [
        "Front.Temperature = 1",
        r"labels.v1\.2 = 2",
        "labels.a/b~c = 3",
        r"labels.back\\slash = 4",
        " = 5",
        "list.0 removed",
    ];
    assert_eq!(flat(patch), expected);
}

#[test]
fn an_object_gives_its_leaves_or_itself() {
    let patch = r#"[{"op":"replace","path":"/o","value":
        { "x": { "y.z": 1.10, "empty": { } }, "list": [ 1, {"$k": 2} ], "$skipped": 3 } }]"#;
    assert_eq!(flat(patch), [r"o.x.y\.z = 1.10", "o.x.empty = {}", r#"o.list = [1,{"$k":2}]"#]);
    assert_eq!(kept(patch), [r#"o = {"x":{"y.z":1.10,"empty":{}},"list":[1,{"$k":2}]}"#]);
}

#[test]
fn an_object_of_system_members_only_gives_nothing() {
    let patch = r#"[{"op":"add","path":"/o","value":{"$a":1,"$metadata":{}}}]"#;
    assert!(flat(patch).is_empty());
    assert!(kept(patch).is_empty());
    let nested = r#"[{"op":"add","path":"/o","value":{"p":{"$a":1}}}]"#;
    assert!(flat(nested).is_empty());
    assert_eq!(kept(nested), [r#"o = {"p":{}}"#]);
    let empty = r#"[{"op":"add","path":"/o","value":{ }}]"#;
    assert_eq!(flat(empty), ["o = {}"]);
    assert_eq!(kept(empty), ["o = {}"]);
}

#[test]
fn system_paths_give_nothing() {
    let patch = r#"[
        {"op":"replace","path":"/$metadata/$model","value":"dtmi:x;2"},
        {"op":"replace","path":"/$metadata/P/lastUpdateTime","value":"2021-12-09T20:28:52Z"},
        {"op":"replace","path":"/$etag","value":"x"},
        {"op":"add","path":"/c/$x/y","value":1},
        {"op":"remove","path":"/$metadata/P/sourceTime"},
        {"op":"remove","path":"/c/$x"}
    ]"#;
    assert!(flat(patch).is_empty());
}

#[test]
fn several_operations_on_one_path_all_count() {
    let patch =
        r#"[{"op":"add","path":"/a","value":1},{"op":"remove","path":"/a"},{"op":"add","path":"/a","value":2}]"#;
    assert_eq!(flat(patch), ["a = 1", "a removed", "a = 2"]);
}

#[test]
fn the_empty_path_replaces_each_member() {
    let patch = r#"[{"op":"replace","path":"","value":
        {"$dtId":"t","a":1,"o":{"x":2},"e":{},"$metadata":{"a":{"sourceTime":"T"}}}}]"#;
    assert_eq!(flat(patch), ["a = 1 @ T", "o.x = 2", "e = {}"]);
    assert_eq!(kept(patch), ["a = 1 @ T", r#"o = {"x":2}"#, "e = {}"]);
    assert!(flat(r#"[{"op":"add","path":"","value":{}}]"#).is_empty());
}

#[test]
fn the_source_time_finds_its_property_wherever_it_stands() {
    let forms = [
        r#"{"op":"add","path":"/$metadata/P/sourceTime","value":"T"}"#,
        r#"{"op":"add","path":"$metadata/P/sourceTime","value":"T"}"#,
        r#"{"op":"replace","path":"/$metadata/P","value":{"sourceTime":"T","lastUpdateTime":"U"}}"#,
        r#"{"op":"replace","path":"/$metadata","value":{"$model":"dtmi:x;1","P":{"sourceTime":"T"}}}"#,
        r#"{"op":"replace","path":"","value":{"$metadata":{"P":{"sourceTime":"T"}}}}"#,
    ];
    let value = r#"{"op":"add","path":"/P","value":1}"#;
    for form in forms {
        assert_eq!(flat(&format!("[{form},{value}]")), ["P = 1 @ T"], "{form}");
        assert_eq!(flat(&format!("[{value},{form}]")), ["P = 1 @ T"], "{form}");
    }
}

#[test]
fn the_source_time_of_a_component_counts_inside_the_component() {
    let forms = [
        r#"{"op":"add","path":"/C/$metadata/P/sourceTime","value":"T"}"#,
        r#"{"op":"add","path":"C/$metadata/P/sourceTime","value":"T"}"#,
        r#"{"op":"add","path":"/C/$metadata/P","value":{"sourceTime":"T"}}"#,
        r#"{"op":"add","path":"/C/$metadata","value":{"P":{"sourceTime":"T"}}}"#,
        r#"{"op":"add","path":"/C","value":{"$metadata":{"P":{"sourceTime":"T"}}}}"#,
    ];
    let values = r#"{"op":"add","path":"/C/P","value":1},{"op":"add","path":"/P","value":2}"#;
    for form in forms {
        assert_eq!(flat(&format!("[{form},{values}]")), ["C.P = 1 @ T", "P = 2"], "{form}");
        assert_eq!(kept(&format!("[{form},{values}]")), ["C.P = 1 @ T", "P = 2"], "{form}");
    }
}

#[test]
fn the_source_time_of_an_object_holds_for_all_of_its_leaves() {
    let time = r#"{"op":"add","path":"/$metadata/O/sourceTime","value":"T"}"#;
    let object = r#"{"op":"add","path":"/O","value":{"x":1,"y":{"z":2}}}"#;
    let member = r#"{"op":"remove","path":"/O/x"}"#;
    let neighbour = r#"{"op":"add","path":"/O.x","value":3}"#;
    let patch = format!("[{time},{object},{member},{neighbour}]");
    assert_eq!(flat(&patch), ["O.x = 1 @ T", "O.y.z = 2 @ T", "O.x removed @ T", r"O\.x = 3"]);
    assert_eq!(kept(&patch), [r#"O = {"x":1,"y":{"z":2}} @ T"#, "O.x removed @ T", r"O\.x = 3"]);
}

#[test]
fn a_source_time_that_is_no_text_is_none() {
    let patch = r#"[{"op":"add","path":"/P","value":1},{"op":"add","path":"/$metadata/P/sourceTime","value":5}]"#;
    assert_eq!(flat(patch), ["P = 1"]);
}

#[test]
fn white_space_between_tokens_is_dropped_and_inside_texts_kept() {
    assert_eq!(
        flat("[ {\n\"op\" : \"add\",\"path\":\"/a\" , \"value\" : [ 1 ,\r\n \"b c\" ] } ]"),
        [r#"a = [1,"b c"]"#]
    );
}

#[test]
fn bad_patches_say_which_operation_is_wrong_and_how() {
    insta::assert_snapshot!(bad(r#"{"op":"add"}"#), @"its patch is not an array of operations");
    insta::assert_snapshot!(bad("null"), @"its patch is not an array of operations");
    insta::assert_snapshot!(bad(r#"[{"op":"add","path":"/a","value":1},7]"#), @r#"operation 1 of its patch is not an object with the texts "op" and "path""#);
    insta::assert_snapshot!(bad(r#"[{"path":"/a"}]"#), @r#"operation 0 of its patch is not an object with the texts "op" and "path""#);
    insta::assert_snapshot!(bad(r#"[{"op":"add","path":5,"value":1}]"#), @r#"operation 0 of its patch is not an object with the texts "op" and "path""#);
    for op in ["move", "copy", "test", "Replace", "", "REMOVE "] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&format!(r#"[{{"op":"{op}","path":"/a","from":"/b","value":1}}]"#)), @r#"operation 0 of its patch is none that Azure Digital Twins emits: "op" must be add, replace or remove"#);
        }
    }
    for path in [
        "a",
        "a/b",
        "/a~",
        "/a~2b",
        "$metadata/$model",
        "$metadata/P",
        "c/$metadata/P/lastUpdateTime",
        "c/d/$metadata/P/sourceTime",
        "c/$metadata/a~/sourceTime",
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&format!(r#"[{{"op":"add","path":"{path}","value":1}}]"#)), @r#"operation 0 of its patch has a "path" that is no JSON Pointer (RFC 6901)"#);
        }
    }
    for op in ["add", "replace"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(bad(&format!(r#"[{{"op":"{op}","path":"/a"}}]"#)), @r#"operation 0 of its patch has no "value""#);
        }
    }
    insta::assert_snapshot!(bad(r#"[{"op":"remove","path":""}]"#), @"operation 0 of its patch removes the whole twin, which no patch can do");
    insta::assert_snapshot!(bad(r#"[{"op":"add","path":"","value":[]}]"#), @"operation 0 of its patch replaces the whole twin by something other than an object");
    insta::assert_snapshot!(bad(r#"[{"op":"add","path":"/a","value":{"\ud800":1}}]"#), @"operation 0 of its patch holds a name that is not Unicode");
}

#[test]
fn a_whole_object_gives_each_member_under_its_component() {
    let seen = |text: &str, component: &[&str]| {
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        let component: Vec<_> = component.iter().map(|&segment| segment.to_owned()).collect();
        let changes = object(&raw, &component, ObjectValues::Flatten)?;
        Ok(changes.iter().map(|change| change.key.to_string()).collect::<Vec<_>>())
    };
    let twin = r#"{"$dtId":"t","a":1,"c":{"$metadata":{},"b":2},"$metadata":{"$model":"m"}}"#;
    assert_eq!(seen(twin, &[]).unwrap(), ["a", "c.b"]);
    assert_eq!(seen(r#"{"t":1,"o":{"p":[]}}"#, &["comp1", "comp2"]).unwrap(), ["comp1.comp2.t", "comp1.comp2.o.p"]);
    for text in ["[]", "5", "null", "\"{}\""] {
        let error: BadPayload = seen(text, &[]).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"its payload is not a JSON object");
        }
    }
    insta::assert_snapshot!(seen(r#"{"\ud800":1}"#, &[]).unwrap_err(), @"its payload holds a name that is not Unicode");
}

#[test]
fn of_a_member_given_twice_the_last_value_counts() {
    let patch = r#"[{"op":"add","op":"replace","path":"/a","value":1,"value":{"x":1,"y":2,"x":3}}]"#;
    assert_eq!(flat(patch), ["a.x = 3", "a.y = 2"]);
}

#[test]
fn an_empty_patch_changes_nothing() {
    assert!(flat("[]").is_empty());
}

/// A `Value` of the raw text, for comparing with what other libraries make of it.
fn value_of(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap()
}
