//! The graph of twins as far as lifecycle records tell it, and the tree that the page shows of it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// The relationships that there are now.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// By source and id, as in Azure Digital Twins.
    relationships: HashMap<(Arc<str>, Box<str>), Relationship>,
}

#[derive(Debug)]
struct Relationship {
    name: Box<str>,
    target: Arc<str>,
}

/// Who is shown under whom.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Twins that are under none.
    pub(crate) roots: Vec<Arc<str>>,
    /// The twins under a twin, with the name of a relationship that leads there.
    pub(crate) children: HashMap<Arc<str>, BTreeMap<Arc<str>, Box<str>>>,
}

impl Graph {
    /// A relationship began.
    pub(crate) fn begin(&mut self, source: Arc<str>, id: &str, name: &str, target: Arc<str>) {
        self.relationships.insert((source, id.into()), Relationship { name: name.into(), target });
    }

    /// A relationship ended.
    pub(crate) fn end(&mut self, source: &Arc<str>, id: &str) {
        self.relationships.remove(&(Arc::clone(source), id.into()));
    }

    pub(crate) fn len(&self) -> usize {
        self.relationships.len()
    }

    /// The tree over these twins. Every twin is in it, also where relationships run in a circle.
    pub(crate) fn tree<'a>(&self, twins: impl Iterator<Item = &'a Arc<str>>) -> Tree {
        let mut children: HashMap<Arc<str>, BTreeMap<Arc<str>, Box<str>>> = HashMap::new();
        let mut has_parent = HashSet::new();
        for ((source, _), Relationship { name, target }) in &self.relationships {
            if source != target {
                children.entry(Arc::clone(source)).or_default().insert(Arc::clone(target), name.clone());
                has_parent.insert(target);
            }
        }
        let all: BTreeSet<&Arc<str>> = twins.collect();
        let mut roots: Vec<_> = all.iter().copied().filter(|twin| !has_parent.contains(twin)).cloned().collect();
        let mut reached = HashSet::new();
        for root in &roots {
            reach(root, &children, &mut reached);
        }
        for twin in all {
            if !reached.contains(twin) {
                reach(twin, &children, &mut reached);
                roots.push(Arc::clone(twin));
            }
        }
        // What has something under it first; a factory is not to be looked for among its sensors.
        roots.sort_by_key(|root| !children.contains_key(root));
        Tree { roots, children }
    }
}

fn reach(root: &Arc<str>, children: &HashMap<Arc<str>, BTreeMap<Arc<str>, Box<str>>>, reached: &mut HashSet<Arc<str>>) {
    let mut waiting = vec![root];
    while let Some(twin) = waiting.pop() {
        if reached.insert(Arc::clone(twin)) {
            waiting.extend(children.get(twin).into_iter().flat_map(BTreeMap::keys));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(relationships: &[(&str, &str)], twins: &[&str]) -> Tree {
        let mut graph = Graph::default();
        for (source, target) in relationships {
            graph.begin((*source).into(), target, "has", (*target).into());
        }
        let twins: Vec<Arc<str>> = twins.iter().map(|twin| (*twin).into()).collect();
        graph.tree(twins.iter())
    }

    fn roots(tree: &Tree) -> Vec<&str> {
        tree.roots.iter().map(|root| &**root).collect()
    }

    #[test]
    fn twins_without_parents_are_at_the_top_and_those_with_children_first() {
        let tree = tree(&[("Factory", "Floor"), ("Floor", "Line")], &["Alone", "Factory", "Floor", "Line"]);
        assert_eq!(roots(&tree), ["Factory", "Alone"]);
        assert_eq!(tree.children["Floor"].keys().map(|twin| &**twin).collect::<Vec<_>>(), ["Line"]);
    }

    #[test]
    fn a_circle_is_entered_somewhere() {
        let tree = tree(&[("B", "C"), ("C", "B"), ("D", "D")], &["A", "B", "C", "D"]);
        assert_eq!(roots(&tree), ["B", "A", "D"]);
    }

    #[test]
    fn a_relationship_that_ended_leads_nowhere() {
        let mut graph = Graph::default();
        let (factory, floor): (Arc<str>, Arc<str>) = ("Factory".into(), "Floor".into());
        graph.begin(Arc::clone(&factory), "r", "has", Arc::clone(&floor));
        graph.end(&factory, "r");
        assert_eq!(graph.len(), 0);
        assert_eq!(roots(&graph.tree([&factory, &floor].into_iter())), ["Factory", "Floor"]);
    }
}
