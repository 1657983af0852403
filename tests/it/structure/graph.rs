//! Which module uses which, and what is wrong with that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::{ROOT, imports};

/// What stands in front of the list of a crate's modules.
pub const ORDER: &str = "Each module uses only modules below it:";

/// Each module, the modules that it uses, and what it takes from each.
#[derive(Default)]
pub struct Graph(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Graph {
    pub fn add(&mut self, module: &str) {
        self.0.entry(module.to_owned()).or_default();
    }

    pub fn add_use(&mut self, from: &str, to: &str, what: &str) {
        if from != to {
            self.0.get_mut(from).unwrap().entry(to.to_owned()).or_default().insert(what.to_owned());
        }
    }

    /// The shortest circle through each module that is on one.
    pub fn circles(&self) -> BTreeSet<String> {
        self.0.keys().filter_map(|module| self.circle(module)).map(|circle| self.describe(circle)).collect()
    }

    fn circle(&self, start: &str) -> Option<Vec<&str>> {
        let mut ways: VecDeque<Vec<&str>> = self.0[start].keys().map(|next| vec![next.as_str()]).collect();
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            let last = way[way.len() - 1];
            if last == start {
                return Some(way);
            }
            if seen.insert(last) {
                ways.extend(self.0[last].keys().map(|next| [way.as_slice(), &[next]].concat()));
            }
        }
        None
    }

    /// A circle, told from the same module whichever it was found from.
    fn describe(&self, mut circle: Vec<&str>) -> String {
        let first = (0..circle.len()).min_by_key(|&index| circle[index]).unwrap();
        circle.rotate_left(first);
        circle.push(circle[0]);
        let uses = circle.windows(2).map(|pair| self.describe_use(pair[0], pair[1]));
        format!("a circle: {}", uses.collect::<Vec<_>>().join(", "))
    }

    fn describe_use(&self, from: &str, to: &str) -> String {
        let names: Vec<_> = self.0[from][to].iter().map(String::as_str).collect();
        format!("{from} uses {to} ({})", names.join(", "))
    }

    /// What the order in a crate's doc comment says that is not so.
    pub fn mistakes_in(&self, docs: &str) -> Vec<String> {
        // One module below the root needs no list.
        if self.0.len() <= 2 {
            return Vec::new();
        }
        let Some(order) = order(docs) else { return vec![format!("no order in its doc comment: {ORDER}")] };
        let modules: Vec<_> = self.0.keys().filter(|module| *module != ROOT).collect();
        let mut listed: Vec<_> = order.iter().collect();
        listed.sort();
        if listed != modules {
            return vec![format!("the modules are {modules:?}, and listed are {listed:?}")];
        }
        let place = |module: &String| order.iter().position(|listed| listed == module);
        let uses = modules.iter().flat_map(|&user| self.0[user].keys().map(move |used| (user, used)));
        let wrong = uses.filter(|(user, used)| used.as_str() != ROOT && place(used) < place(user));
        wrong.map(|(user, used)| format!("above: {}", self.describe_use(user, used))).collect()
    }
}

/// The modules in the order in which a doc comment lists them. A line of the list names one or several as `use` does,
/// `flatten, flatten::{key, path}`, and after two spaces says what they are; it goes on where the next is indented.
fn order(docs: &str) -> Option<Vec<String>> {
    let parts: Vec<_> = docs.split("```").collect();
    let is_order = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").ends_with(ORDER);
    let list = parts.windows(2).find(|pair| is_order(pair[0]))?[1].strip_prefix("text\n")?;
    let lines = list.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let names = lines.filter(|line| !line.starts_with(' ')).map(|line| line.split("  ").next().unwrap_or_default());
    let paths = names.flat_map(|names| {
        imports(&syn::parse_str(&format!("{{{names}}}")).unwrap_or_else(|error| panic!("{names}: {error}")))
    });
    Some(paths.map(|(path, _)| path.join("::")).collect())
}
