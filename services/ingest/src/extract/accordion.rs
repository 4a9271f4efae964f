//! Headings that open and close what stands under them: their words stand in a `<button>`, and are text all the same.

use dom_query::{Document, NodeRef};

/// How many elements may stand between a heading and its button.
const REACH: usize = 4;

/// How much of a button is looked through for a heading, in nodes.
const MAX_LOOKED_AT: usize = 16;

/// Makes plain elements of the buttons that are headings: in `<h1>` to `<h6>` or `<summary>`, or around them.
pub(super) fn open(document: &Document) {
    let buttons: Vec<NodeRef<'_>> = document.root().descendants_it().filter(|n| n.has_name("button")).collect();
    for button in buttons {
        if button.ancestors_it(Some(REACH)).any(|n| is_heading(&n)) {
            button.rename("span");
        } else if button.descendants_it().take(MAX_LOOKED_AT).any(|n| is_heading(&n)) {
            button.rename("div");
        }
    }
}

fn is_heading(node: &NodeRef<'_>) -> bool {
    ["h1", "h2", "h3", "h4", "h5", "h6", "summary"].iter().any(|name| node.has_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_buttons_that_are_headings_become_text() {
        let document = Document::from(
            "<h2><span><button aria-expanded=true>When?</button></span></h2><button><h3>Why?</h3></button><p><button>Buy</button></p>",
        );
        open(&document);
        let html = document.html().to_string();
        assert!(html.contains("<span aria-expanded=\"true\">When?</span>"), "{html}");
        assert!(html.contains("<div><h3>Why?</h3></div>") && html.contains("<button>Buy</button>"), "{html}");
    }
}
