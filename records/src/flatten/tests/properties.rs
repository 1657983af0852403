//! What must hold for every patch, tried with thousands of them.

use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation, jsonptr::PointerBuf};
use proptest::{prelude::*, sample::Index};
use serde_json::Map;

use super::{key::segments, *};
use crate::json;

/// A value as text, built beside what is expected of it, so that the expectation owes nothing to the code under test.
#[derive(Debug, Clone)]
enum Tree {
    /// A number, text, boolean, null or array, exactly as written.
    Leaf(String),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, tree)| format!("{}:{}", serde_json::to_string(name).unwrap(), tree.text()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// Every leaf that must be recorded, as path and text, in order.
    fn leaves(&self, path: &[String], leaves: &mut Vec<(Vec<String>, String)>) {
        match self {
            Self::Leaf(text) => leaves.push((path.to_vec(), text.clone())),
            Self::Object(members) if members.is_empty() => leaves.push((path.to_vec(), "{}".to_owned())),
            Self::Object(members) => {
                for (name, tree) in members.iter().filter(|(name, _)| !name.starts_with('$')) {
                    tree.leaves(&[path, std::slice::from_ref(name)].concat(), leaves);
                }
            }
        }
    }
}

fn leaf() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})",
        r"-?(0|[1-9][0-9]{0,3})\.[0-9]{1,40}",
        r"-?[1-9](\.[0-9]{1,3})?[eE][+-]?[0-9]{1,3}",
    ];
    let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
    let escaped = Just(r#""\u0041\/\ud83d\ude00 \"""#.to_owned());
    let word = prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned);
    let scalar = prop_oneof![4 => number, 2 => text, 1 => escaped, 1 => word];
    prop_oneof![
        6 => scalar.clone(),
        1 => prop::collection::vec(scalar, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
        1 => Just(r#"[{"$k":[1.10,{}]}]"#.to_owned()),
    ]
    .prop_map(Tree::Leaf)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[A-Za-z_][A-Za-z0-9_]{0,6}", 2 => r"[a-z.\\/~$ %ä]{0,4}", 1 => r"\$[a-z]{1,4}"]
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(4, 24, 5, |inner| {
        prop::collection::btree_map(name(), inner, 0..5)
            .prop_map(|members| Tree::Object(members.into_iter().filter(|(name, _)| name != "$metadata").collect()))
    })
}

#[derive(Debug, Clone)]
struct Step {
    op: &'static str,
    path: Vec<String>,
    value: Tree,
}

impl Step {
    fn text(&self) -> String {
        let pointer = PointerBuf::from_tokens(&self.path);
        let path = serde_json::to_string(pointer.as_str()).unwrap();
        match self.op {
            "remove" => format!(r#"{{"op":"remove","path":{path}}}"#),
            op => format!(r#"{{"value":{},"path":{path},"op":"{op}"}}"#, self.value.text()),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let op = prop::sample::select(vec!["add", "replace", "remove"]);
    (op, prop::collection::vec(name(), 1..4), tree()).prop_map(|(op, path, value)| Step { op, path, value })
}

fn changes_of(steps: &[Step], objects: ObjectValues) -> Vec<(Vec<String>, Option<String>)> {
    let text = format!("[{}]", steps.iter().map(Step::text).collect::<Vec<_>>().join(","));
    let raw = RawValue::from_string(text).unwrap();
    let changes = Patch::read(&raw).unwrap().changes(objects).unwrap();
    changes
        .into_iter()
        .map(|change| (segments(change.key.as_str()), change.value.map(|value| value.get().to_owned())))
        .collect()
}

proptest! {
    /// Every leaf of every value appears exactly once, in order, digit for digit, under its path; nothing else does.
    #[test]
    fn every_leaf_appears_exactly_once(steps in prop::collection::vec(step(), 0..6)) {
        let mut expected = Vec::new();
        for step in steps.iter().filter(|step| !step.path.iter().any(|segment| segment.starts_with('$'))) {
            if step.op == "remove" {
                expected.push((step.path.clone(), None));
            } else {
                let mut leaves = Vec::new();
                step.value.leaves(&step.path, &mut leaves);
                expected.extend(leaves.into_iter().map(|(path, text)| (path, Some(text))));
            }
        }
        prop_assert_eq!(changes_of(&steps, ObjectValues::Flatten), expected);
    }

    /// No member of Azure Digital Twins' own ever becomes part of a key, nor of a value outside arrays.
    #[test]
    fn system_members_never_leak(steps in prop::collection::vec(step(), 0..6)) {
        for objects in [ObjectValues::Flatten, ObjectValues::Keep] {
            for (path, value) in changes_of(&steps, objects) {
                prop_assert!(!path.iter().any(|segment| segment.starts_with('$')));
                let value = value.map(|text| RawValue::from_string(text).unwrap());
                prop_assert!(!value.is_some_and(|value| has_system_member(&value)));
            }
        }
    }

    /// What json-patch makes of a twin is what a consumer makes of it by applying the records one after another.
    #[test]
    fn applying_the_records_gives_the_twin_that_json_patch_gives(
        twin in document(),
        steps in prop::collection::vec((any::<Index>(), name(), 0..3_u8, document()), 1..8),
    ) {
        let mut patched = twin.clone();
        let mut operations = Vec::new();
        for (place, name, kind, value) in steps {
            let Some(operation) = operation(&patched, place, &name, kind, value) else { continue };
            json_patch::patch(&mut patched, std::slice::from_ref(&operation)).unwrap();
            operations.push(operation);
        }
        let text = RawValue::from_string(serde_json::to_string(&operations).unwrap()).unwrap();
        let mut replayed = twin;
        for change in Patch::read(&text).unwrap().changes(ObjectValues::Keep).unwrap() {
            apply(&mut replayed, &segments(change.key.as_str()), change.value.as_deref().map(value_of));
        }
        prop_assert_eq!(replayed, patched);
    }

    /// Nothing that arrives makes it panic, and a patch that is no patch is refused.
    #[test]
    fn any_text_is_survived(text in r#"[\[\]{}:,"a-z/~$0-9 \\]{0,60}"#) {
        if let Ok(raw) = RawValue::from_string(text) {
            for objects in [ObjectValues::Flatten, ObjectValues::Keep] {
                let _ = Patch::read(&raw).and_then(|patch| patch.changes(objects));
            }
        }
    }
}

fn has_system_member(value: &RawValue) -> bool {
    json::members(value)
        .unwrap()
        .unwrap_or_default()
        .into_iter()
        .any(|(name, value)| name.starts_with('$') || has_system_member(value))
}

/// A twin as a plain document without system members.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-z ]{0,5}".prop_map(Value::from)
    ];
    let any = leaf.prop_recursive(3, 16, 4, |inner| {
        prop::collection::btree_map(r"[a-z./~\\]{0,3}", inner, 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    });
    prop::collection::btree_map(r"[a-z./~\\]{0,3}", any, 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// An operation that the document allows: RFC 6902 refuses to replace or remove what is not there.
fn operation(document: &Value, place: Index, name: &str, kind: u8, value: Value) -> Option<PatchOperation> {
    fn objects<'a>(value: &'a Value, path: &[String], found: &mut Vec<(Vec<String>, &'a Map<String, Value>)>) {
        if let Value::Object(members) = value {
            found.push((path.to_vec(), members));
            for (name, value) in members {
                objects(value, &[path, std::slice::from_ref(name)].concat(), found);
            }
        }
    }

    if name.starts_with('$') {
        return None;
    }
    let mut found = Vec::new();
    objects(document, &[], &mut found);
    let (mut path, members) = place.get(&found).clone();
    let existing = members.keys().next().cloned();
    path.push(if kind == 0 { name.to_owned() } else { existing? });
    let path = PointerBuf::from_tokens(&path);
    Some(match kind {
        0 => PatchOperation::Add(AddOperation { path, value }),
        1 => PatchOperation::Replace(ReplaceOperation { path, value }),
        _ => PatchOperation::Remove(RemoveOperation { path }),
    })
}

/// Applies one record to a twin, as a consumer would.
fn apply(twin: &mut Value, path: &[String], value: Option<Value>) {
    let (last, parents) = path.split_last().unwrap();
    let mut object = twin;
    for parent in parents {
        object = object.get_mut(parent).unwrap();
    }
    let object = object.as_object_mut().unwrap();
    match value {
        Some(value) => object.insert(last.clone(), value),
        None => object.remove(last),
    };
}
