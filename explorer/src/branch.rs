//! A few twins, as the page shows them: those at the top of the tree, those under a twin, those of a model, or those that
//! are searched for. And the models, to choose from.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::{graph::Tree, series::Series, store::Store, twin::Twin};

/// A part of the tree.
#[derive(Debug, Serialize)]
pub(crate) struct Branch {
    twins: Vec<Leaf>,
    /// How many there are, of which `twins` may be some.
    total: usize,
}

/// A twin.
#[derive(Debug, Serialize)]
struct Leaf {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The name of the relationship that leads here.
    #[serde(skip_serializing_if = "Option::is_none")]
    relationship: Option<String>,
    /// How many twins are under it.
    children: usize,
    ended: bool,
    keys: Vec<Key>,
}

#[derive(Debug, Serialize)]
struct Key {
    #[serde(rename = "key")]
    name: String,
    numeric: bool,
    points: usize,
}

/// A model, and how many twins there are of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Model {
    /// Empty for the twins whose model no record has named.
    id: String,
    twins: usize,
}

/// Which twins are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    Top,
    Under(&'a str),
    /// Those of this model; of none that is known, where it is empty.
    Of(&'a str),
    /// Those whose id, model or keys have this in them, in whatever case.
    Named(&'a str),
}

impl Branch {
    pub(crate) fn of(store: &Store, wanted: Wanted, skip: usize, limit: usize) -> Self {
        let tree = store.tree();
        let leaf = |twin: &Arc<str>, relationship: Option<&str>| {
            store.get(twin).map(|(id, twin)| Leaf::of(id, twin, relationship, tree))
        };
        match wanted {
            Wanted::Top => Self {
                total: tree.roots.len(),
                twins: tree.roots.iter().skip(skip).take(limit).filter_map(|twin| leaf(twin, None)).collect(),
            },
            Wanted::Under(parent) => {
                let children = tree.children.get(parent);
                let page = children.into_iter().flatten().skip(skip).take(limit);
                Self {
                    total: children.map_or(0, BTreeMap::len),
                    twins: page.filter_map(|(twin, relationship)| leaf(twin, Some(relationship))).collect(),
                }
            }
            Wanted::Of(model) => {
                Self::sorted(store, skip, limit, |_, twin| twin.model.as_deref().unwrap_or_default() == model)
            }
            Wanted::Named(text) => {
                let text = text.to_lowercase();
                let has = |name: &str| name.to_lowercase().contains(&text);
                Self::sorted(store, skip, limit, |id, twin| {
                    has(id) || twin.model.as_deref().is_some_and(has) || twin.series.keys().any(|key| has(key))
                })
            }
        }
    }

    /// Those that are wanted of all twins, by their ids.
    fn sorted(store: &Store, skip: usize, limit: usize, is_wanted: impl Fn(&str, &Twin) -> bool) -> Self {
        let mut found: Vec<_> = store.twins().filter(|(id, twin)| is_wanted(id, twin)).collect();
        found.sort_unstable_by_key(|(id, _)| *id);
        let page = found.iter().skip(skip).take(limit);
        Self { total: found.len(), twins: page.map(|(id, twin)| Leaf::of(id, twin, None, store.tree())).collect() }
    }
}

impl Model {
    /// All models of which twins are known, by their ids.
    pub(crate) fn all(store: &Store) -> Vec<Self> {
        let mut twins: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, twin) in store.twins() {
            *twins.entry(twin.model.as_deref().unwrap_or_default()).or_default() += 1;
        }
        twins.into_iter().map(|(id, twins)| Self { id: id.to_owned(), twins }).collect()
    }
}

impl Leaf {
    fn of(id: &str, twin: &Twin, relationship: Option<&str>, tree: &Tree) -> Self {
        let key = |(key, series): (&Arc<str>, &Series)| Key {
            name: key.to_string(),
            numeric: series.is_numeric(),
            points: series.len(),
        };
        Self {
            id: id.to_owned(),
            model: twin.model.as_deref().map(str::to_owned),
            relationship: relationship.map(str::to_owned),
            children: tree.children.get(id).map_or(0, BTreeMap::len),
            ended: twin.ended,
            keys: twin.series.iter().map(key).collect(),
        }
    }
}
