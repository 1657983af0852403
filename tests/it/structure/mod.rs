//! No two files of a crate use each other, over others neither; and each crate's doc comment shows the order in which
//! its files build on one another.
//!
//! A file is a module. It uses another when it names something that is defined there, through re-exports too. Declaring
//! a child and re-exporting what a child defines is no use of it. What is there only in tests doesn't count.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::repository::root;

mod graph;
mod source;

/// Crates, by the file of their root, that have circles or no true order yet.
const PENDING: &[&str] = &[];

#[test]
fn no_circles_and_a_true_order() {
    let mut wrong = Vec::new();
    let mut pending: Vec<_> = PENDING.to_vec();
    for path in crates() {
        let problems = problems(&root().join(&path), &|path| fs::read_to_string(path).ok());
        println!("{path}: {} problems\n  {}", problems.len(), problems.join("\n  "));
        let was_pending = pending.iter().position(|pending| *pending == path).map(|index| pending.remove(index));
        if was_pending.is_some() && problems.is_empty() {
            wrong.push(format!("{path} is as it should be: take it out of PENDING"));
        } else if was_pending.is_none() {
            wrong.extend(problems.iter().map(|problem| format!("{path}: {problem}")));
        }
    }
    wrong.extend(pending.iter().map(|path| format!("{path} is no crate: take it out of PENDING")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of the roots of all crates in the workspace that are no tests.
fn crates() -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root());
    let metadata: Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let targets = targets.filter(|target| target["kind"] != serde_json::json!(["test"]));
    let path =
        |target: &Value| Path::new(target["src_path"].as_str().unwrap()).strip_prefix(root()).unwrap().to_owned();
    let paths: Vec<_> = targets.map(|target| path(target).display().to_string()).collect();
    assert!(paths.iter().any(|path| path == "src/main.rs"), "{paths:?}");
    paths
}

/// What is wrong with a crate.
fn problems(root: &Path, text: &dyn Fn(&Path) -> Option<String>) -> Vec<String> {
    let graph = source::graph(root, text);
    let docs = text(root).unwrap();
    let docs: Vec<_> = docs.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    graph.circles().into_iter().chain(graph.mistakes_in(&docs.join("\n"))).collect()
}

/// The problems of a crate with these files.
fn problems_of(files: &[(&str, &str)]) -> Vec<String> {
    let text = |path: &Path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned());
    problems(Path::new("src/lib.rs"), &text)
}

/// A crate whose doc comment lists this.
fn listing(list: &str, rest: &str) -> String {
    let list = list.replace('\n', "\n//! ");
    format!("//! A crate. Each module uses only\n//! modules below it:\n//!\n//! ```text\n//! {list}\n//! ```\n{rest}")
}

#[test]
fn a_circle_is_found_wherever_its_names_stand() {
    let problems = problems_of(&[
        ("src/lib.rs", &listing("a, b, c", "mod a; mod b; mod c;")),
        ("src/a.rs", "use crate::{b::{self, B as Other}}; fn a() -> Other { b::make() }"),
        ("src/b.rs", "pub struct B; pub fn make() -> B { assert!(x.c == super::c::MOST); B }"),
        ("src/c/mod.rs", "pub const MOST: u8 = 1; #[command(value_parser = crate::a::a)] struct C;"),
    ]);
    assert_eq!(problems, ["a circle: a uses b (B, make), b uses c (MOST), c uses a (a)", "above: c uses a (a)"]);
}

#[test]
fn a_child_that_uses_its_parent_closes_a_circle() {
    let [parent, list] = ["mod child; pub const A: u8 = child::b();", "parent, parent::child"];
    let child = ("src/parent/child.rs", "pub fn b() { use super::*; A }");
    let problems = problems_of(&[("src/lib.rs", &listing(list, "mod parent;")), ("src/parent.rs", parent), child]);
    let [down, up] = ["parent uses parent::child (b)", "parent::child uses parent (A)"];
    assert_eq!(problems, [format!("a circle: {down}, {up}"), format!("above: {up}")]);
}

#[test]
fn a_re_export_is_no_use_and_leads_to_the_definition() {
    let list = "user     what uses\n           them\nparent::{b, a}, parent  what is used";
    let inline = "mod inline { pub use super::b::three; }";
    let parent = format!("mod a; mod b; pub use self::a::*; pub(crate) use b::B as Two; {inline}");
    let problems = problems_of(&[
        ("src/lib.rs", &listing(list, "mod user; mod parent;")),
        ("src/user.rs", "fn user(it: crate::parent::Two) { super::parent::inline::three() }"),
        ("src/parent.rs", &parent),
        ("src/parent/a.rs", "pub struct A;"),
        ("src/parent/b.rs", "use super::A; pub struct B(A); pub fn three() {}"),
    ]);
    assert_eq!(problems, [""; 0]);
}

#[test]
fn tests_do_not_count() {
    let problems = problems_of(&[
        ("src/lib.rs", &listing("b, a", "mod a; mod b;")),
        ("src/a.rs", "#[cfg(test)] mod tests; pub struct A; impl A { #[cfg(test)] fn test() { crate::b::b() } }"),
        ("src/b.rs", "pub fn b() { crate::a::A; } #[cfg(all(test, unix))] mod tests { use crate::c; }"),
    ]);
    assert_eq!(problems, [""; 0]);
}

#[test]
fn an_order_names_each_module_once() {
    let [a, b] = [("src/a.rs", ""), ("src/b.rs", "")];
    let problems = problems_of(&[("src/lib.rs", &listing("b\nb", "mod a; mod b;")), a, b]);
    assert_eq!(problems, [r#"the modules are ["a", "b"], and listed are ["b", "b"]"#]);
    let problems = problems_of(&[("src/lib.rs", "//! A crate.\nmod a; mod b;"), a, b]);
    assert_eq!(problems, [format!("no order in its doc comment: {}", graph::ORDER)]);
}
