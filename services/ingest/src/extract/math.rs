//! Formulas as text: MathML is neither read nor shown, and what it says must not leave a hole.

use dom_query::{Document, NodeRef};

use super::text::collapse;

/// The longest formula that is taken over, in characters.
const MAX_CHARS: usize = 500;

/// How many elements around a formula may hide it.
const REACH: usize = 3;

/// Puts text in the place of formulas: as their authors wrote them (TeX), else as they are read. Those that stand
/// unseen beside an image or markup of the same are left.
pub(super) fn write_out(document: &Document) {
    let formulas: Vec<NodeRef<'_>> = document.root().descendants_it().filter(|n| n.has_name("math")).collect();
    for formula in formulas.into_iter().filter(|f| !is_double(f)) {
        let Some(text) = text_of(&formula) else { continue };
        formula.remove_children();
        formula.set_text(text.as_str());
        formula.rename("span");
    }
}

fn text_of(formula: &NodeRef<'_>) -> Option<String> {
    let notes: Vec<NodeRef<'_>> =
        formula.descendants_it().filter(|n| n.has_name("annotation") || n.has_name("annotation-xml")).collect();
    let is_tex = |n: &&NodeRef<'_>| n.attr("encoding").is_some_and(|e| e.to_ascii_lowercase().contains("tex"));
    let written = || notes.iter().find(is_tex).map(|n| n.text().to_string());
    let alternative = formula.attr("alttext").map(|alt| alt.to_string());
    let text = alternative.or_else(written).unwrap_or_else(|| {
        notes.iter().for_each(NodeRef::remove_from_parent);
        formula.text().to_string()
    });
    let text = collapse(&text);
    let bare = text.strip_prefix("{\\displaystyle ").and_then(|t| t.strip_suffix('}')).unwrap_or(&text).trim();
    (!bare.is_empty() && bare.chars().count() <= MAX_CHARS).then(|| bare.to_owned())
}

/// Whether a formula is there for those who don't see the page: hidden, or before what is hidden from them.
fn is_double(formula: &NodeRef<'_>) -> bool {
    let around = || formula.ancestors_it(Some(REACH));
    let hidden = |n: &NodeRef<'_>| {
        let style = n.attr("style").map(|s| s.replace(' ', "").to_ascii_lowercase()).unwrap_or_default();
        style.contains("display:none") || n.has_attr("hidden") || n.has_name("noscript")
    };
    let shown_beside = |n: NodeRef<'_>| {
        n.next_element_sibling().is_some_and(|next| next.attr("aria-hidden").is_some_and(|a| &*a == "true"))
    };
    around().any(|n| hidden(&n)) || around().any(shown_beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(html: &str) -> String {
        let document = Document::from(html);
        write_out(&document);
        super::super::text::lines(&document.body().unwrap())
    }

    #[test]
    fn a_formula_leaves_no_hole() {
        for (html, text) in [
            (
                "<p>A <math><mi>f</mi></math> is <math><mn>0.2</mn><mi>U</mi><mo>/</mo><mi>d</mi></math>.",
                "A f is 0.2U/d.",
            ),
            ("<p>A <math alttext='{\\displaystyle x^{2}}'><mi>x</mi></math> is", "A x^{2} is"),
            (
                "<p>A <math><semantics><mi>x</mi><annotation encoding=application/x-tex>x_1</annotation></semantics></math>",
                "A x_1",
            ),
            ("<p>A<span><math><mi>x</mi></math></span><span aria-hidden=true>x</span>", "Ax"),
            ("<p>A<span style='display: none'><math><mi>x</mi></math></span><img>", "A"),
        ] {
            assert_eq!(written(html), text, "{html}");
        }
    }
}
