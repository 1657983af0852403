//! A crate as its source has it: its files, which are its modules, and what each takes from the others.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ImplItem, Item, ItemConst, ItemEnum, ItemExternCrate, ItemMod, ItemStatic, ItemStruct, ItemTrait,
    ItemType, ItemUnion, ItemUse, Macro, MetaList, UseTree, Visibility,
    visit::{self, Visit},
};

use super::graph::Graph;

/// What the file of the crate's root is called.
pub const ROOT: &str = "crate";

/// Which file uses which in the crate with this root.
pub fn graph(root: &Path, text: &dyn Fn(&Path) -> Option<String>) -> Graph {
    let folder = root.parent().unwrap().to_owned();
    let mut source = Source { text, modules: Vec::new(), mentions: Vec::new(), module: 0, folder };
    source.modules.push(Module { file: ROOT.to_owned(), ..Module::default() });
    source.visit_file(&syn::parse_file(&text(root).unwrap()).unwrap());
    let mut graph = Graph::default();
    source.modules.iter().for_each(|module| graph.add(&module.file));
    for mention in &source.mentions {
        let Some((definer, Some(name))) = source.resolve(mention.module, &mention.path, &mut Vec::new()) else {
            continue;
        };
        let [from, to] = [mention.module, definer].map(|module| &source.modules[module].file);
        let is_child = from == ROOT || to.strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with("::"));
        if !(mention.is_re_export && is_child) {
            graph.add_use(from, to, name);
        }
    }
    graph
}

/// The paths in a `use`, each with the name that it gets; `None` is a glob.
pub fn imports(tree: &UseTree) -> Vec<(Vec<String>, Option<String>)> {
    let one = |path: String, name: Option<String>| vec![(vec![path], name)];
    match tree {
        UseTree::Path(part) => imports(&part.tree)
            .into_iter()
            .map(|(mut path, name)| {
                let parent = part.ident.to_string();
                if path == ["self"] {
                    return (vec![parent.clone()], name.filter(|name| name != "self").or(Some(parent)));
                }
                path.insert(0, parent);
                (path, name)
            })
            .collect(),
        UseTree::Name(name) => one(name.ident.to_string(), Some(name.ident.to_string())),
        UseTree::Rename(name) => one(name.ident.to_string(), Some(name.rename.to_string())),
        UseTree::Glob(_) => vec![(Vec::new(), None)],
        UseTree::Group(group) => group.items.iter().flat_map(imports).collect(),
    }
}

/// A module, with a file of its own or inline.
#[derive(Default)]
struct Module {
    file: String,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    items: HashSet<String>,
    imports: Vec<(Vec<String>, Option<String>)>,
}

/// A path somewhere in a module.
struct Mention {
    module: usize,
    path: Vec<String>,
    is_re_export: bool,
}

/// What a path names: a module, or an item in the module that defines it.
type Found<'a> = (usize, Option<&'a str>);

struct Source<'a> {
    text: &'a dyn Fn(&Path) -> Option<String>,
    modules: Vec<Module>,
    mentions: Vec<Mention>,
    /// The module that is being read, and the folder of the files of its children.
    module: usize,
    folder: PathBuf,
}

impl Source<'_> {
    fn mention(&mut self, path: Vec<String>, is_re_export: bool) {
        self.mentions.push(Mention { module: self.module, path, is_re_export });
    }

    /// The paths in what a macro or an attribute is given.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        // How many of them came last.
        let (mut colons, mut dots) = (0, 0);
        for token in tokens {
            let is = |mark| matches!(&token, TokenTree::Punct(punct) if punct.as_char() == mark);
            let goes_on = matches!(&token, TokenTree::Ident(_)) && colons == 2;
            if !goes_on && !is(':') {
                self.mention(std::mem::take(&mut path), false);
            }
            match &token {
                // A field or a method is no path.
                TokenTree::Ident(ident) if goes_on || dots != 1 => path.push(ident.to_string()),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
            colons = if is(':') { colons + 1 } else { 0 };
            dots = if is('.') { dots + 1 } else { 0 };
        }
        self.mention(path, false);
    }

    fn resolve<'a>(&'a self, from: usize, path: &'a [String], seen: &mut Vec<(usize, &'a str)>) -> Option<Found<'a>> {
        let (last, parents) = path.split_last()?;
        let mut at = from;
        for name in parents {
            match self.lookup(at, name, false, seen)? {
                (module, None) => at = module,
                item => return Some(item),
            }
        }
        self.lookup(at, last, true, seen)
    }

    /// A name in a module. Where a module and a function share it, it is the function's only at the end of a path.
    fn lookup<'a>(
        &'a self,
        at: usize,
        name: &'a str,
        is_last: bool,
        seen: &mut Vec<(usize, &'a str)>,
    ) -> Option<Found<'a>> {
        let module = &self.modules[at];
        let child = match name {
            "crate" => Some(0),
            "self" => Some(at),
            "super" => module.parent,
            name => module.children.get(name).copied(),
        };
        if module.items.contains(name) && (is_last || child.is_none()) {
            return Some((at, Some(name)));
        }
        if let Some(child) = child {
            return Some((child, None));
        }
        if seen.contains(&(at, name)) {
            return None;
        }
        seen.push((at, name));
        let found = module.imports.iter().find_map(|(path, import)| match import {
            Some(import) if import == name => self.resolve(at, path, seen),
            Some(_) => None,
            None => match self.resolve(at, path, seen)? {
                (module, None) => self.lookup(module, name, is_last, seen),
                // The variants of an enum are its own.
                _ => None,
            },
        });
        seen.pop();
        found
    }
}

impl Visit<'_> for Source<'_> {
    fn visit_item(&mut self, item: &Item) {
        let (attributes, name): (&[Attribute], _) = match item {
            Item::Const(ItemConst { attrs, ident, .. })
            | Item::Enum(ItemEnum { attrs, ident, .. })
            | Item::ExternCrate(ItemExternCrate { attrs, ident, .. })
            | Item::Static(ItemStatic { attrs, ident, .. })
            | Item::Struct(ItemStruct { attrs, ident, .. })
            | Item::Trait(ItemTrait { attrs, ident, .. })
            | Item::Type(ItemType { attrs, ident, .. })
            | Item::Union(ItemUnion { attrs, ident, .. }) => (attrs, Some(ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Impl(item) => (&item.attrs, None),
            Item::Mod(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            _ => (&[], None),
        };
        if is_test(attributes) {
            return;
        }
        self.modules[self.module].items.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        let name = item.ident.to_string();
        let (module, parent) = (self.modules.len(), self.module);
        self.modules[parent].children.insert(name.clone(), module);
        let file = &self.modules[parent].file;
        let file = match (&item.content, file.as_str()) {
            (Some(_), file) => file.to_owned(),
            (None, ROOT) => name.clone(),
            (None, file) => format!("{file}::{name}"),
        };
        self.modules.push(Module { file, parent: Some(parent), ..Module::default() });
        self.module = module;
        self.folder.push(&name);
        if item.content.is_some() {
            visit::visit_item_mod(self, item);
        } else {
            let files = [self.folder.with_extension("rs"), self.folder.join("mod.rs")];
            let text = files.iter().find_map(|file| (self.text)(file));
            let text = text.unwrap_or_else(|| panic!("none of {files:?}"));
            self.visit_file(&syn::parse_file(&text).unwrap());
        }
        self.folder.pop();
        self.module = parent;
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        if item.leading_colon.is_some() {
            return;
        }
        for (path, name) in imports(&item.tree) {
            self.mention(path.clone(), !matches!(item.vis, Visibility::Inherited));
            self.modules[self.module].imports.push((path, name));
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none() {
            self.mention(path.segments.iter().map(|segment| segment.ident.to_string()).collect(), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &Macro) {
        visit::visit_macro(self, invocation);
        self.tokens(invocation.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &MetaList) {
        self.tokens(list.tokens.clone());
    }
}

/// Whether it is there only in tests: `cfg(test)`, or `cfg(all(test, …))`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let condition = attribute.parse_args().map(|condition: TokenStream| condition.to_string());
        condition.is_ok_and(|text| text == "test" || text.starts_with("all") && text.contains("test"))
    })
}
