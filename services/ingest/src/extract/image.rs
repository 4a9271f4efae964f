//! An article's lead image.

use kos_shared::event::HttpUrl;

use super::metadata::{Metadata, absolute};

/// Smaller images are icons, in pixels a side.
const MIN_SIDE: u32 = 200;

/// What the file's name of an image says that isn't the article's, between letters that aren't, in lower case.
const NO_LEAD: [&str; 18] = [
    "logo",
    "logos",
    "icon",
    "icons",
    "favicon",
    "placeholder",
    "blank",
    "spacer",
    "pixel",
    "avatar",
    "gravatar",
    "sprite",
    "loading",
    "spinner",
    "noimage",
    "transparent",
    "fallback",
    "dummy",
];

/// The lead image that the page names: `og:image` and the like, else JSON-LD's. Icons, logos and placeholders are
/// none, as far as their size or address shows it.
pub(super) fn lead(metadata: &Metadata) -> Option<HttpUrl> {
    let names = ["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "image"];
    let side = |name: &str| metadata.meta(&[name]).and_then(|v| v.trim().trim_end_matches("px").parse::<u32>().ok());
    let small = ["og:image:width", "og:image:height"].iter().filter_map(|n| side(n)).any(|side| side < MIN_SIDE);
    let of_metas = names.iter().filter(|n| !(small && n.starts_with("og:"))).flat_map(|n| metadata.all_metas(n));
    let json_ld =
        [&metadata.json_ld.article.image, &metadata.json_ld.page.image].into_iter().filter_map(Option::as_deref);
    of_metas.chain(json_ld).filter_map(|href| absolute(&metadata.base, href)).find(can_lead)
}

/// Whether an address can be that of a lead image: neither its file's name nor the size in it say otherwise.
fn can_lead(url: &HttpUrl) -> bool {
    let url = url.as_url();
    let file = url.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let small = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        matches!(&*name, "w" | "h" | "width" | "height") && value.parse::<u32>().is_ok_and(|side| side < MIN_SIDE)
    };
    !file.ends_with(".svg")
        && !file.ends_with(".ico")
        && !file.split(|c: char| !c.is_ascii_alphabetic()).any(|word| NO_LEAD.contains(&word))
        && !url.query_pairs().any(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str) -> Option<String> {
        let url = "https://example.com/a/".parse().unwrap();
        let document = dom_query::Document::from(head);
        lead(&Metadata::of(&document, &url)).map(|u| u.to_string())
    }

    #[test]
    fn the_lead_image_is_large_and_no_logo() {
        for (head, image) in [
            ("<meta property=og:image content=b.jpg>", Some("https://example.com/a/b.jpg")),
            ("<meta property=og:image content=b.jpg><meta property=og:image:width content=64>", None),
            (
                "<meta property=og:image content=/site-logo.png><meta name=twitter:image content=/b.jpg>",
                Some("https://example.com/b.jpg"),
            ),
            ("<meta property=og:image content=/b.jpg?w=100>", None),
            ("<meta property=og:image content=/icon.svg>", None),
            ("<meta property=og:image content=data:image/png;base64,xx>", None),
            ("<meta property=og:image content=/biologous.jpg>", Some("https://example.com/biologous.jpg")),
            (
                r#"<script type=application/ld+json>{"@type":"Article","image":{"url":"/c.jpg"}}</script>"#,
                Some("https://example.com/c.jpg"),
            ),
        ] {
            assert_eq!(of(head).as_deref(), image, "{head}");
        }
    }
}
