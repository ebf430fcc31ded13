//! No circles of imports between modules that stand side by side.
//!
//! A module and what is inside it are one room: a parent may use its children and they may use it. What stands side by
//! side is in an order, at every level of a crate: no two of them use each other, directly or by way of others. What a
//! module imports, and others use from there, counts as used where it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result};
use syn::visit::{self, Visit};

use crate::{
    files::{self, Text},
    report::Report,
};

/// A module by its path: the crate, then a name for each level.
type Module = Vec<String>;

/// The modules of a crate, and which uses which.
#[derive(Default)]
struct Graph {
    uses: BTreeMap<Module, BTreeSet<Module>>,
}

/// The sources of all crates.
pub(crate) fn read(root: &Path) -> Result<Vec<Text>> {
    let mut all = files::read(root, "crates", &["rs"])?;
    all.extend(files::read(root, "e2e", &["rs"])?);
    all.retain(|file| file.path.contains("/src/") && !is_test(&file.path));
    Ok(all)
}

fn is_test(path: &str) -> bool {
    path.rsplit(['/', '.']).any(|part| part == "tests" || part.ends_with("_tests"))
}

/// Checks every crate.
pub(crate) fn check(files: &[Text]) -> Result<Report> {
    let graph = Graph::of(files)?;
    let found = graph.circles();
    let problems = found.iter().map(|(parent, members)| {
        let names: Vec<&str> = members.iter().map(String::as_str).collect();
        let arrows = graph.arrows(parent, members).join("; ");
        format!(
            "{parent}: {} use each other, move what they share into one of them: {arrows}",
            names.join(", ")
        )
    });
    let summary = format!("circles: {} modules, no circle", graph.uses.len());
    Ok(Report { problems: problems.collect(), summary })
}

impl Graph {
    fn of(files: &[Text]) -> Result<Self> {
        let modules: BTreeSet<Module> = files.iter().map(|file| module(&file.path)).collect();
        let parse = |file: &Text| {
            let source = syn::parse_file(&file.content).with_context(|| file.path.clone())?;
            Ok((module(&file.path), source))
        };
        let sources = files.iter().map(parse).collect::<Result<Vec<_>>>()?;
        let mut known = Known { modules, imports: BTreeMap::new() };
        for (here, source) in &sources {
            known.import(here, source);
        }
        let mut graph = Self::default();
        for (here, source) in sources {
            let mut paths = Paths { here: here.clone(), found: BTreeSet::new() };
            paths.visit_file(&source);
            let uses = paths.found.into_iter().filter_map(|path| known.place(path));
            graph.uses.entry(here.clone()).or_default().extend(uses.filter(|used| *used != here));
        }
        Ok(graph)
    }

    /// Each circle between modules side by side: the module around them, and their names.
    fn circles(&self) -> Vec<(String, BTreeSet<String>)> {
        let parents: BTreeSet<&[String]> =
            self.uses.keys().flat_map(|module| (1..module.len()).map(|length| &module[..length])).collect();
        parents.into_iter().flat_map(|parent| self.circles_in(parent)).collect()
    }

    /// Who uses whom within a circle.
    fn arrows(&self, parent: &str, members: &BTreeSet<String>) -> Vec<String> {
        let parent: Module = parent.split("::").map(ToOwned::to_owned).collect();
        let member = |module: &Module| {
            let name = module.strip_prefix(parent.as_slice())?.first()?;
            members.get(name).cloned()
        };
        let mut found = BTreeSet::new();
        for (from, to) in self.uses.iter().flat_map(|(from, uses)| uses.iter().map(move |to| (from, to))) {
            if let (Some(user), Some(used)) = (member(from), member(to))
                && user != used
            {
                found.insert(format!("{} -> {}", from.join("::"), to.join("::")));
            }
        }
        found.into_iter().collect()
    }

    fn circles_in(&self, parent: &[String]) -> Vec<(String, BTreeSet<String>)> {
        let child = |module: &Module| module.strip_prefix(parent)?.first().cloned();
        let mut reach: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, uses) in &self.uses {
            let Some(from) = child(module) else { continue };
            let to = uses.iter().filter_map(child).filter(|to| *to != from);
            reach.entry(from.clone()).or_default().extend(to);
        }
        close(&mut reach);
        let mut circles: BTreeSet<BTreeSet<String>> = BTreeSet::new();
        for (name, reached) in reach.iter().filter(|(name, reached)| reached.contains(*name)) {
            let back = |other: &&String| reach.get(*other).is_some_and(|others| others.contains(name));
            circles.insert(reached.iter().filter(back).cloned().collect());
        }
        circles.into_iter().map(|members| (parent.join("::"), members)).collect()
    }
}

/// Adds what is reached by way of others.
fn close(reach: &mut BTreeMap<String, BTreeSet<String>>) {
    loop {
        let mut more = false;
        for name in reach.keys().cloned().collect::<Vec<_>>() {
            let far: BTreeSet<String> =
                reach[&name].iter().filter_map(|next| reach.get(next)).flatten().cloned().collect();
            let own = reach.entry(name).or_default();
            let before = own.len();
            own.extend(far);
            more |= own.len() > before;
        }
        if !more {
            return;
        }
    }
}

/// `crates/core/src/build/route.rs` is `core::build::route`.
fn module(path: &str) -> Module {
    let (package, inside) = path.split_once("/src/").unwrap_or(("", path));
    let package = package.rsplit('/').next().unwrap_or_default();
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let names = inside.split('/').filter(|name| !matches!(*name, "lib" | "main" | "mod"));
    [package].into_iter().chain(names).map(ToOwned::to_owned).collect()
}

/// Most imports of imports that are followed.
const FAR: usize = 8;

/// What a path may lead to.
struct Known {
    modules: BTreeSet<Module>,
    /// By module and name, the path that it was imported by: others may use it from there.
    imports: BTreeMap<Module, Module>,
}

impl Known {
    /// Notes what a module imports.
    fn import(&mut self, here: &Module, source: &syn::File) {
        for item in &source.items {
            let syn::Item::Use(item) = item else { continue };
            for Import { path, name } in imports(here, &item.tree, &self.modules) {
                let Some(name) = name else { continue };
                self.imports.insert(here.iter().cloned().chain([name]).collect(), path);
            }
        }
    }

    /// The module in which a path ends.
    fn place(&self, mut path: Module) -> Option<Module> {
        for _ in 0..FAR {
            let Some(next) = self.followed(&path) else { break };
            path = next;
        }
        while path.len() > 1 {
            if self.modules.contains(&path) {
                return Some(path);
            }
            path.pop();
        }
        None
    }

    /// The path behind the first import on the way of this one.
    fn followed(&self, path: &Module) -> Option<Module> {
        let (length, import) = (1..=path.len()).find_map(|length| {
            let name = &path[..length];
            let import = self.imports.get(name).filter(|_| !self.modules.contains(name))?;
            Some((length, import))
        })?;
        Some(import.iter().chain(&path[length..]).cloned().collect())
    }
}

/// Something that is imported.
struct Import {
    path: Module,
    /// What it is called; `None` for everything in a module.
    name: Option<String>,
}

/// What a `use` imports from the own crate.
fn imports(here: &Module, tree: &syn::UseTree, modules: &BTreeSet<Module>) -> Vec<Import> {
    let mut found = Vec::new();
    if let syn::UseTree::Path(path) = tree {
        let first = path.ident.to_string();
        let child: Module = here.iter().cloned().chain([first.clone()]).collect();
        let start = start(here, &first).or_else(|| modules.contains(&child).then_some(child));
        if let Some(start) = start {
            leaves(&start, &path.tree, &mut found);
        }
    }
    found
}

fn leaves(before: &Module, tree: &syn::UseTree, found: &mut Vec<Import>) {
    let below = |name: &syn::Ident| {
        let mut path = before.clone();
        match name.to_string().as_str() {
            "self" => {}
            "super" => drop(path.pop()),
            name => path.push(name.to_owned()),
        }
        path
    };
    match tree {
        syn::UseTree::Path(path) => leaves(&below(&path.ident), &path.tree, found),
        syn::UseTree::Name(name) => {
            let path = below(&name.ident);
            found.push(Import { name: path.last().cloned(), path });
        }
        syn::UseTree::Rename(name) => {
            found.push(Import { path: below(&name.ident), name: Some(name.rename.to_string()) });
        }
        syn::UseTree::Glob(_) => found.push(Import { path: before.clone(), name: None }),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(before, tree, found)),
    }
}

/// The module at the beginning of a path, if it is one of the own crate.
fn start(here: &Module, first: &str) -> Option<Module> {
    match first {
        "crate" => here.first().map(|package| vec![package.clone()]),
        "self" => Some(here.clone()),
        "super" => Some(here[..here.len().saturating_sub(1).max(1)].to_vec()),
        _ => None,
    }
}

/// The paths into the own crate that a file names.
struct Paths {
    here: Module,
    found: BTreeSet<Module>,
}

impl Visit<'_> for Paths {
    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        let tests = item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        if !tests {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        let imports = imports(&self.here, &item.tree, &BTreeSet::new());
        self.found.extend(imports.into_iter().map(|import| import.path));
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        if let Some(mut found) = names.next().and_then(|first| start(&self.here, &first)) {
            for name in names {
                if name == "super" {
                    found.pop();
                } else {
                    found.push(name);
                }
            }
            self.found.insert(found);
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let text = |(path, content): &(&str, &str)| Text {
            path: format!("crates/x/src/{path}"),
            content: (*content).to_owned(),
        };
        check(&files.iter().map(text).collect::<Vec<_>>()).unwrap().problems
    }

    #[test]
    fn modules_side_by_side_may_not_use_each_other() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::{c::{self, C}};"),
            ("c.rs", "fn f(a: crate::a::A) {}"),
        ]);
        let expected = "x: a, b, c use each other, move what they share into one of them: x::a -> x::b; x::b -> x::c; \
                        x::c -> x::a";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_module_and_what_is_inside_it_may() {
        let found = circles(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; use self::b::B; #[cfg(test)] mod tests { use crate::c; }"),
            ("a/b.rs", "use super::A; use crate::a::A2;"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn what_a_module_imports_is_used_where_it_is() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use a::A; use b::inner::B as C;"),
            ("a.rs", "use crate::C;"),
            ("b.rs", "pub mod inner;"),
            ("b/inner.rs", "use super::super::A; pub struct B;"),
        ]);
        let expected = "x: a, b use each other, move what they share into one of them: x::a -> x::b::inner; \
                        x::b::inner -> x::a";
        assert_eq!(found, [expected]);
    }
}
