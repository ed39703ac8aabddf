//! All changes of a source file at once, each behind a switch: the tests are built once, and a number in
//! the environment says which change is on.
//!
//! `a < b` becomes `(if on(7) { a == b } else { a < b })`, a function begins with `if on(8) { return 0; }`,
//! an arm gets a guard. Functions are not `const` here, but for those that constants need: what runs before
//! the program can ask for no switch.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::list::{Change, Genre};

/// The module that each changed crate gets, behind everything in its `lib.rs`.
pub(super) const MODULE: &str = r#"
#[macro_use(vec)]
extern crate std as _;
mod mutants {
    extern crate std;
    /// Is this change on?
    pub(crate) fn on(change: usize) -> bool {
        static ON: std::sync::OnceLock<Option<usize>> = std::sync::OnceLock::new();
        let read = || std::env::var("DSM_CHANGE").ok().and_then(|number| number.parse().ok());
        *ON.get_or_init(read) == Some(change)
    }
}
"#;

/// A file with its switches.
#[derive(Debug, Default)]
pub(super) struct Switched {
    pub(super) text: String,
    /// Where each change stands in the text.
    pub(super) places: Vec<(usize, Range<usize>)>,
}

/// Writes the switches of the changes, by number, into their file. Those without a place have none;
/// functions of the names in `constants` stay `const`.
pub(super) fn switched(
    source: &str,
    changes: &[(usize, &Change)],
    constants: &BTreeSet<String>,
) -> syn::Result<Switched> {
    let file = syn::parse_file(source)?;
    let mut finder = Finder { source, changes, constants, constant: 0, inserts: Vec::new() };
    finder.visit_file(&file);
    Ok(finder.write())
}

/// Text that is put into the source.
#[derive(Debug)]
struct Insert {
    at: usize,
    text: String,
    /// Where changes lie in the text.
    changes: Vec<(usize, Range<usize>)>,
    /// What opens something is closed again `length` bytes of the source behind it; what closes has none.
    length: Option<usize>,
    /// How many bytes of the source it takes the place of.
    instead: usize,
}

struct Finder<'a> {
    source: &'a str,
    changes: &'a [(usize, &'a Change)],
    constants: &'a BTreeSet<String>,
    /// Inside how many constants we are: no switch can be asked there.
    constant: usize,
    inserts: Vec<Insert>,
}

impl Finder<'_> {
    /// The changes of a kind that begin here.
    fn at(&self, genre: Genre, span: Span) -> Vec<(usize, &Change)> {
        let start = span.start();
        let here = (start.line, start.column + 1);
        let fits = |change: &Change| change.genre == genre && change.start == here;
        if self.constant > 0 {
            return Vec::new();
        }
        self.changes.iter().filter(|(_, change)| fits(change)).copied().collect()
    }

    fn of(&self, span: Span) -> &str {
        self.source.get(span.byte_range()).unwrap_or_default()
    }

    fn put(
        &mut self,
        at: usize,
        text: String,
        changes: Vec<(usize, Range<usize>)>,
        length: Option<usize>,
    ) {
        self.inserts.push(Insert { at, text, changes, length, instead: 0 });
    }

    /// `(if on(1) { ONE } else if on(2) { TWO } else { AS IT WAS })`, and without changes `({ AS IT WAS })`.
    fn choose(&mut self, whole: Span, chosen: &[(usize, String)]) {
        let (mut text, mut changes) = ("(".to_owned(), Vec::new());
        for (number, instead) in chosen {
            text.push_str(&format!("if crate::mutants::on({number}) {{ "));
            changes.push((*number, text.len()..text.len() + instead.len()));
            text.push_str(instead);
            text.push_str(" } else ");
        }
        text.push_str("{ ");
        let Range { start, end } = whole.byte_range();
        self.put(start, text, changes, Some(end - start));
        self.put(end, "})".to_owned(), Vec::new(), None);
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let Some(first) = block.stmts.first() else { return };
        if returns_impl(&signature.output) {
            return;
        }
        let (mut text, mut changes) = (String::new(), Vec::new());
        for (number, change) in self.at(Genre::FnValue, first.span()) {
            let (from, instead) = (text.len(), &change.replacement);
            text.push_str(&format!(" if crate::mutants::on({number}) {{ return {instead}; }}"));
            changes.push((number, from..text.len()));
        }
        let (at, length) =
            (block.brace_token.span.open().byte_range().end, self.of(block.span()).len());
        self.put(at, text, changes, Some(length));
    }

    /// Goes into a function, which is `const` only if it must be.
    fn enter(&mut self, signature: &syn::Signature, visit: impl FnOnce(&mut Self)) {
        let stays = self.constants.contains(&signature.ident.to_string());
        if let Some(word) = signature.constness.filter(|_| !stays) {
            let Range { start, end } = word.span().byte_range();
            let (text, changes) = (String::new(), Vec::new());
            let instead = end - start;
            self.inserts.push(Insert { at: start, text, changes, length: Some(0), instead });
        }
        self.inside(stays && signature.constness.is_some(), visit);
    }

    fn inside(&mut self, constant: bool, visit: impl FnOnce(&mut Self)) {
        self.constant += usize::from(constant);
        visit(self);
        self.constant -= usize::from(constant);
    }

    /// Puts all together. At one place the inner is closed first and the outer opened first; in the order
    /// of the visit the outer comes first.
    fn write(mut self) -> Switched {
        let end = |insert: &Insert| insert.length.is_none();
        self.inserts.sort_by_key(|insert| (insert.at, !end(insert)));
        let mut groups: Vec<Vec<Insert>> = Vec::new();
        for insert in self.inserts {
            match groups.last_mut().filter(|group| group.iter().all(|one| one.at == insert.at)) {
                Some(group) => group.push(insert),
                None => groups.push(vec![insert]),
            }
        }
        let mut all = Switched::default();
        let mut from = 0;
        for mut group in groups {
            let closing = group.iter().take_while(|insert| end(insert)).count();
            group[..closing].reverse();
            group[closing..].sort_by_key(|insert| std::cmp::Reverse(insert.length));
            for insert in group {
                all.text.push_str(self.source.get(from..insert.at).unwrap_or_default());
                from = insert.at + insert.instead;
                let base = all.text.len();
                let moved =
                    |(number, at): (usize, Range<usize>)| (number, base + at.start..base + at.end);
                all.places.extend(insert.changes.into_iter().map(moved));
                all.text.push_str(&insert.text);
            }
        }
        all.text.push_str(self.source.get(from..).unwrap_or_default());
        all
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.enter(&item.sig, |this| {
            this.function(&item.sig, &item.block);
            visit::visit_item_fn(this, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.enter(&item.sig, |this| {
            this.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(this, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.inside(true, |this| visit::visit_item_const(this, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.inside(true, |this| visit::visit_impl_item_const(this, item));
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.inside(true, |this| visit::visit_trait_item_const(this, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.inside(true, |this| visit::visit_item_static(this, item));
    }

    fn visit_type(&mut self, item: &'ast syn::Type) {
        self.inside(true, |this| visit::visit_type(this, item));
    }

    fn visit_expr_repeat(&mut self, item: &'ast syn::ExprRepeat) {
        self.visit_expr(&item.expr);
        self.inside(true, |this| this.visit_expr(&item.len));
    }

    fn visit_expr_binary(&mut self, item: &'ast syn::ExprBinary) {
        if !has_let(&item.left) && !has_let(&item.right) {
            let (left, right) = (self.of(item.left.span()), self.of(item.right.span()));
            let instead = |(number, change): (usize, &Change)| {
                (number, format!("{left} {} {right}", change.replacement))
            };
            let chosen = self.at(Genre::BinaryOperator, item.op.span());
            let chosen: Vec<_> = chosen.into_iter().map(instead).collect();
            if !chosen.is_empty() {
                self.choose(item.span(), &chosen);
            }
        }
        visit::visit_expr_binary(self, item);
    }

    fn visit_expr_unary(&mut self, item: &'ast syn::ExprUnary) {
        let chosen = self.at(Genre::UnaryOperator, item.op.span());
        let bare = self.of(item.expr.span()).to_owned();
        let chosen: Vec<_> = chosen.into_iter().map(|(number, _)| (number, bare.clone())).collect();
        if !chosen.is_empty() {
            self.choose(item.span(), &chosen);
        }
        visit::visit_expr_unary(self, item);
    }

    fn visit_expr_struct(&mut self, item: &'ast syn::ExprStruct) {
        let (mut chosen, whole) = (Vec::new(), item.span().byte_range());
        for field in item.fields.pairs() {
            let Range { start, end } = field.span().byte_range();
            for (number, _) in self.at(Genre::StructField, field.value().span()) {
                let around = [whole.start..start, end..whole.end];
                let without = around.map(|part| self.source.get(part).unwrap_or_default());
                chosen.push((number, without.concat()));
            }
        }
        if !chosen.is_empty() {
            self.choose(item.span(), &chosen);
        }
        visit::visit_expr_struct(self, item);
    }

    fn visit_expr_match(&mut self, item: &'ast syn::ExprMatch) {
        let deleted = |arm: &syn::Arm| self.at(Genre::MatchArm, arm.span());
        let deleted: Vec<_> = item.arms.iter().flat_map(deleted).collect();
        if !deleted.is_empty() {
            // The compiler points here when the arms that stay are not all that are needed.
            let changes = deleted.iter().map(|(number, _)| (*number, 0..1)).collect();
            let Range { start, end } = item.expr.span().byte_range();
            self.put(start, "(".to_owned(), changes, Some(end - start));
            self.put(end, ")".to_owned(), Vec::new(), None);
        }
        visit::visit_expr_match(self, item);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let deleted = self.at(Genre::MatchArm, arm.span());
        let deleted: Vec<usize> = deleted.into_iter().map(|(number, _)| number).collect();
        let stays: Vec<String> =
            deleted.iter().map(|number| format!("!crate::mutants::on({number})")).collect();
        let stays = stays.join(" && ");
        let place = |text: &str| deleted.iter().map(|number| (*number, 0..text.len())).collect();
        if let Some((_, guard)) = &arm.guard {
            let chosen = self.at(Genre::MatchArmGuard, guard.span());
            let chosen: Vec<(usize, String)> = chosen
                .into_iter()
                .map(|(number, change)| (number, change.replacement.clone()))
                .collect();
            if !deleted.is_empty() {
                let (text, at) = (format!("{stays} && "), guard.span().byte_range().start);
                let changes = place(&text);
                // Before all else that begins here.
                self.put(at, text, changes, Some(usize::MAX));
            }
            if !has_let(guard) && (!deleted.is_empty() || !chosen.is_empty()) {
                self.choose(guard.span(), &chosen);
            }
        } else if !deleted.is_empty() {
            let (text, at) = (format!(" if {stays}"), arm.pat.span().byte_range().end);
            let changes = place(&text);
            self.put(at, text, changes, Some(0));
        }
        visit::visit_arm(self, arm);
    }
}

/// A condition that binds names, which its parts cannot leave.
fn has_let(condition: &syn::Expr) -> bool {
    match condition {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// Whether a function returns a type that its own body chooses, so that no other value fits.
fn returns_impl(output: &syn::ReturnType) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    search.visit_return_type(output);
    search.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(genre: Genre, start: (usize, usize), replacement: &str) -> Change {
        let (name, file, replacement) = (String::new(), String::new(), replacement.to_owned());
        Change { name, file, genre, replacement, start }
    }

    /// What becomes of a source, and what stands where the compiler would point for each change.
    fn write(source: &str, changes: &[Change], constants: &[&str]) -> (String, Vec<String>) {
        let changes: Vec<(usize, &Change)> = changes.iter().enumerate().collect();
        let constants = constants.iter().map(|&name| name.to_owned()).collect();
        let written = switched(source, &changes, &constants).expect("Rust");
        let part = |(_, place): &(usize, Range<usize>)| written.text[place.clone()].to_owned();
        let parts = written.places.iter().map(part).collect();
        (written.text.replace("crate::mutants::", ""), parts)
    }

    #[test]
    fn each_change_has_a_switch_and_the_inner_stays_inside() {
        let source = "fn f(a: u8) -> bool {\n    a < 1 && !g(a)\n}\n";
        let changes = [
            change(Genre::FnValue, (2, 5), "true"),
            change(Genre::BinaryOperator, (2, 11), "||"),
            change(Genre::BinaryOperator, (2, 7), "=="),
            change(Genre::BinaryOperator, (2, 7), ">"),
            change(Genre::UnaryOperator, (2, 14), ""),
        ];
        let (text, parts) = write(source, &changes, &[]);
        let outer = "(if on(1) { a < 1 || !g(a) } else { ";
        let left = "(if on(2) { a == 1 } else if on(3) { a > 1 } else { a < 1})";
        let right = "(if on(4) { g(a) } else { !g(a)})";
        let body = format!("{{ if on(0) {{ return true; }}\n    {outer}{left} && {right}}})\n}}\n");
        assert_eq!(text, format!("fn f(a: u8) -> bool {body}"));
        assert_eq!(parts[1..], ["a < 1 || !g(a)", "a == 1", "a > 1", "g(a)"]);
    }

    #[test]
    fn an_arm_is_deleted_by_a_guard() {
        let source = "fn f(a: u8) -> u8 {\n    match a {\n        1 => 2,\n        x if x > 2 => 3,\n        _ => S { b: 1, ..c }.b,\n    }\n}\n";
        let changes = [
            change(Genre::MatchArm, (3, 9), ""),
            change(Genre::MatchArm, (4, 9), ""),
            change(Genre::MatchArmGuard, (4, 14), "false"),
            change(Genre::StructField, (5, 18), ""),
        ];
        let (text, _) = write(source, &changes, &[]);
        assert!(text.contains("match (a) {\n        1 if !on(0) => 2,"), "{text}");
        assert!(text.contains("x if !on(1) && (if on(2) { false } else { x > 2}) =>"), "{text}");
        assert!(text.contains("(if on(3) { S {  ..c } } else { S { b: 1, ..c }}).b"), "{text}");
    }

    #[test]
    fn what_a_constant_needs_has_no_switch() {
        let source = "const fn f() -> u8 {\n    1 + 2\n}\nconst A: u8 = 1 + 2;\n";
        let changes = [
            change(Genre::BinaryOperator, (2, 7), "-"),
            change(Genre::BinaryOperator, (4, 17), "-"),
        ];
        assert_eq!(write(source, &changes, &["f"]), (source.to_owned(), Vec::new()));
        let (text, parts) = write(source, &changes, &[]);
        assert!(text.starts_with(" fn f() -> u8 {\n    (if on(0) { 1 - 2 }"), "{text}");
        assert_eq!(parts, ["1 - 2"]);
    }

    #[test]
    fn what_binds_names_and_what_has_a_type_of_its_own_stay() {
        let source = "fn f() -> impl Sized {\n    if let Some(x) = g() && x { 1 } else { 2 }\n}\n";
        let changes =
            [change(Genre::FnValue, (2, 5), "3"), change(Genre::BinaryOperator, (2, 26), "||")];
        assert_eq!(write(source, &changes, &[]), (source.to_owned(), Vec::new()));
    }
}
