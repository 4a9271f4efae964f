//! Images that wait to be scrolled to: their address stands elsewhere than in `src`, as a script expects it.

use dom_query::NodeRef;

/// Attributes that scripts put in the place of `src`, whatever stands there.
const REPLACING: [&str; 5] = ["data-src", "data-original", "data-lazy-src", "data-lazy", "data-actualsrc"];

/// Attributes that hold an address of the image where `src` has none; elsewhere they may be a link's.
const STANDING_IN: [&str; 3] = ["data-url", "data-hi-res-src", "data-img"];

/// Attributes with a choice of addresses.
const SETS: [&str; 3] = ["srcset", "data-srcset", "data-lazy-srcset"];

/// Words in the names of files that stand where an image is going to be, in lower case.
const PLACEHOLDERS: [&str; 12] = [
    "placeholder",
    "lazy",
    "lazyload",
    "blank",
    "spacer",
    "transparent",
    "loading",
    "loader",
    "spinner",
    "grey",
    "gray",
    "pixel",
];

/// Whether an element is an image, in HTML or AMP.
pub(super) fn is_image(node: &NodeRef<'_>) -> bool {
    ["img", "amp-img", "amp-anim"].iter().any(|name| node.has_name(name))
}

/// Makes an image one that browsers show as it stands.
pub(super) fn load_at_once(image: &NodeRef<'_>) {
    if !image.has_name("img") {
        // What is in it stands in where scripts don't run; an `<img>` holds nothing.
        image.remove_children();
        image.rename("img");
    }
    let of = |names: &[&str]| names.iter().filter_map(|n| image.attr(n)).find(|a| is_address(a)).map(|a| a.to_string());
    let now = image.attr("src").map(|src| src.to_string()).filter(|src| shows(src));
    let of_set = || SETS.iter().filter_map(|n| image.attr(n)).find_map(|set| first_of_set(&set));
    let waiting = of(&REPLACING).or_else(|| match &now {
        Some(src) if !is_placeholder(src) => None,
        _ => of_set().or_else(|| of(&STANDING_IN)),
    });
    if let Some(source) = waiting {
        image.set_attr("src", source.trim());
    }
}

fn shows(source: &str) -> bool {
    !source.trim().is_empty() && !source.trim_start().starts_with("data:")
}

/// Whether an attribute holds an address and no number, flag or settings for a script.
fn is_address(value: &str) -> bool {
    shows(value) && value.contains(['/', '.']) && !value.trim().contains(|c: char| c.is_whitespace() || c == '{')
}

/// The first address of a `srcset` that is no `data:`.
fn first_of_set(set: &str) -> Option<String> {
    let mut words = set.split_whitespace().map(|word| word.trim_matches(','));
    words.find(|word| is_address(word) && !is_descriptor(word)).map(str::to_owned)
}

/// `2x`, `1.5x`, `800w`: what stands behind an address in a `srcset`.
fn is_descriptor(word: &str) -> bool {
    word.strip_suffix(['x', 'w', 'h']).is_some_and(|number| number.parse::<f32>().is_ok())
}

/// Whether an address is that of a file that only keeps the place.
fn is_placeholder(source: &str) -> bool {
    let path = source.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let mut words = file.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| PLACEHOLDERS.contains(&word)) || matches!(&*file, "1x1.gif" | "1x1.png" | "s.gif" | "p.gif")
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    fn loaded(html: &str) -> Option<String> {
        let document = Document::from(html);
        let image = document.root().descendants_it().find(is_image).unwrap();
        load_at_once(&image);
        assert!(image.has_name("img") && image.first_child().is_none(), "{html}");
        image.attr("src").map(|src| src.to_string())
    }

    #[test]
    fn an_image_comes_from_where_scripts_would_load_it() {
        for (html, src) in [
            ("<img src=/a.jpg>", Some("/a.jpg")),
            ("<img src=/images/placeholder.gif data-original=/b.jpg>", Some("/b.jpg")),
            ("<img src=/tiny.jpg data-src=/b.jpg>", Some("/b.jpg")),
            ("<img src=data:image/gif;base64,AA data-lazy-src=' /b.jpg '>", Some("/b.jpg")),
            ("<img src=/img/lazy-placeholder.svg data-srcset='/b-800.jpg 800w, /b.jpg 1600w'>", Some("/b-800.jpg")),
            ("<img srcset='data:image/png;base64,AAAA 1x, /ok.png 2x'>", Some("/ok.png")),
            ("<img src=/a.jpg srcset='/b.jpg 2x'>", Some("/a.jpg")),
            ("<img src=/a.jpg data-url=/page>", Some("/a.jpg")),
            ("<img data-url=/b.jpg>", Some("/b.jpg")),
            ("<img src=/a.jpg data-lazy=true data-src='{\"x\":1}'>", Some("/a.jpg")),
            ("<amp-img src=/a.jpg width=1200><noscript><img src=/c.jpg></noscript></amp-img>", Some("/a.jpg")),
            ("<img alt=x>", None),
        ] {
            assert_eq!(loaded(html).as_deref(), src, "{html}");
        }
    }
}
