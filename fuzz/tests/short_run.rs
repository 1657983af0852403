//! The oracles over mutated fixtures and plain noise, for toolchains without the fuzzer.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{fs, path::Path};

use proptest::{prelude::*, sample::Index};

/// Every notification that we have, one event each.
fn events() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/notifications");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let json = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    json.map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// Bodies, each with application properties on the next line.
fn messages() -> Vec<String> {
    vec![
        r#"{"modelId":"m","patch":[]}"#.to_owned() + "\n" + r#"{"cloudEvents:id":"e","cloudEvents_type":"t","x":[1]}"#,
        r#"{"a":1},"subject":"someone else""#.to_owned() + "\n" + r#"{"CLOUDEVENTS:TIME":null,"cloudEvents:data":5}"#,
        r#"[1.10,"\u00e9",{"a":{"b":[]}}]"#.to_owned(),
    ]
}

fn patches() -> Vec<String> {
    vec![
        r#"[{"value":1.10,"path":"/a/b~1c","op":"add"},{"path":"/x","op":"remove"},{"op":"replace","path":"/$metadata/a/sourceTime","value":"T"}]"#.to_owned(),
        r#"[{"op":"replace","path":"","value":{"$dtId":"t","c":{"$metadata":{"p":{"sourceTime":"T"}},"p":[1,{"$k":2}],"e":{}}}}]"#.to_owned(),
        r#"[{"op":"add","path":"c/$metadata/p/sourceTime","value":"T"},{"op":"add","path":"/c","value":{"p":1e400}}]"#.to_owned(),
    ]
}

/// A text with a few stretches cut, repeated, or replaced by something that JSON minds.
fn mutated(texts: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::sample::select(vec![
        "", "{", "}", "[", "]", "\"", "\\", "null", "0", "-1e9", "\"op\"", "$", "~", "/", ".", "\u{0}", "\\ud800", "é",
        ",", ":", "[[[[",
    ]);
    let edits = prop::collection::vec((any::<Index>(), 0..12_usize, noise), 0..4);
    (prop::sample::select(texts), edits).prop_map(|(text, edits)| {
        let mut bytes = text.into_bytes();
        for (place, length, noise) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, noise.bytes());
        }
        bytes
    })
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn envelope(data in prop_oneof![8 => mutated(vec![format!("[{}]", events().join(","))]), 1 => noise()]) {
        twin_bridge_fuzz::envelope(&data);
    }

    #[test]
    fn message(data in prop_oneof![8 => mutated(messages()), 1 => noise()]) {
        twin_bridge_fuzz::message(&data);
    }

    #[test]
    fn notification(data in prop_oneof![8 => mutated(events()), 1 => noise()]) {
        twin_bridge_fuzz::notification(&data);
    }

    #[test]
    fn flattening(data in prop_oneof![8 => mutated(patches()), 1 => noise()]) {
        twin_bridge_fuzz::flattening(&data);
    }
}
