//! An article's lead image.

use dom_query::NodeRef;
use kos_shared::{address::address_without_tracking, event::HttpUrl};

use super::metadata::{Metadata, absolute};

/// Smaller images are icons, in pixels a side.
const MIN_SIDE: u32 = 200;

/// What the file's name of an image says that isn't the article's, between letters that aren't, in lower case.
const NO_LEAD: [&str; 14] = [
    "logo",
    "logos",
    "icons",
    "favicon",
    "placeholder",
    "blank",
    "spacer",
    "gravatar",
    "sprite",
    "spinner",
    "noimage",
    "transparent",
    "fallback",
    "dummy",
];

/// The same where the name says nothing else: `icon-of-the-seas.jpg` is a ship.
const NO_LEAD_ALONE: [&str; 4] = ["icon", "pixel", "avatar", "loading"];

/// What names of files say of any image.
const OF_ANY: [&str; 20] = [
    "img", "image", "default", "user", "author", "site", "app", "apple", "touch", "web", "social", "share", "small",
    "large", "thumb", "png", "gif", "jpg", "jpeg", "webp",
];

/// What Open Graph says of images.
const OPEN_GRAPH: [&str; 5] = ["og:image", "og:image:url", "og:image:secure_url", "og:image:width", "og:image:height"];

/// The lead image that the page names: `og:image` and the like, else JSON-LD's; else the first large one of its body.
/// Icons, logos and placeholders are none, as far as their size or address shows it.
pub(super) fn lead(metadata: &Metadata, of_body: Option<&HttpUrl>) -> Option<HttpUrl> {
    let of_open_graph = open_graph(metadata);
    let names = ["twitter:image", "twitter:image:src", "image"];
    let of_metas = names.iter().flat_map(|n| metadata.all_metas(n));
    let json_ld =
        [&metadata.json_ld.article.image, &metadata.json_ld.page.image].into_iter().filter_map(Option::as_deref);
    let named = of_open_graph.into_iter().chain(of_metas).chain(json_ld);
    named
        .filter_map(|href| absolute(&metadata.base, &address_without_tracking(href)))
        .find(can_lead)
        .or_else(|| of_body.cloned())
}

/// The images that Open Graph names, without those that it says are small. A size belongs to the image before it.
fn open_graph(metadata: &Metadata) -> Vec<&str> {
    #[derive(Default)]
    struct Image<'m> {
        plain: Option<&'m str>,
        secure: Option<&'m str>,
        small: bool,
    }
    let mut images: Vec<Image<'_>> = vec![Image::default()];
    for (name, content) in metadata.metas_of(&OPEN_GRAPH) {
        let begins = |image: &Image<'_>| match name {
            "og:image:secure_url" => image.secure.is_some(),
            "og:image" => image.plain.is_some() || image.secure.is_some(),
            "og:image:url" => image.plain.is_some_and(|plain| plain != content),
            _ => false,
        };
        if images.last().is_some_and(begins) {
            images.push(Image::default());
        }
        let Some(image) = images.last_mut() else { break };
        match name {
            "og:image:secure_url" => image.secure = Some(content),
            "og:image" | "og:image:url" => image.plain = Some(content),
            _ => image.small |= content.trim().trim_end_matches("px").parse::<u32>().is_ok_and(|side| side < MIN_SIDE),
        }
    }
    images.into_iter().filter(|i| !i.small).flat_map(|i| [i.secure, i.plain]).flatten().collect()
}

/// The first image under `root` that is large, as far as it says, or that is a figure.
pub(super) fn first_large(root: &NodeRef<'_>, base: &HttpUrl) -> Option<HttpUrl> {
    let large = |image: &NodeRef<'_>| {
        let side = |name: &str| image.attr(name).and_then(|v| v.trim().trim_end_matches("px").parse::<u32>().ok());
        match (side("width"), side("height")) {
            (None, None) => image.ancestors_it(Some(3)).any(|n| n.has_name("figure")),
            (width, height) => [width, height].into_iter().flatten().all(|side| side >= MIN_SIDE),
        }
    };
    let images = root.descendants_it().filter(|n| n.has_name("img") && large(n));
    images.filter_map(|n| absolute(base, &address_without_tracking(&n.attr("src")?))).find(can_lead)
}

/// Whether an address can be that of a lead image: neither its file's name nor the size in it say otherwise.
fn can_lead(url: &HttpUrl) -> bool {
    let url = url.as_url();
    let file = url.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let small = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        matches!(&*name, "w" | "h" | "width" | "height") && value.parse::<u32>().is_ok_and(|side| side < MIN_SIDE)
    };
    let words = || file.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| w.len() > 2);
    let says_more = || words().filter(|w| !NO_LEAD_ALONE.contains(w) && !OF_ANY.contains(w)).count() > 1;
    !file.ends_with(".svg")
        && !file.ends_with(".ico")
        && !words().any(|word| NO_LEAD.contains(&word))
        && (!words().any(|word| NO_LEAD_ALONE.contains(&word)) || says_more())
        && !url.query_pairs().any(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str) -> Option<String> {
        let url = "https://example.com/a/".parse().unwrap();
        let document = dom_query::Document::from(head);
        lead(&Metadata::of(&document, &url), None).map(|u| u.to_string())
    }

    #[test]
    fn the_lead_image_is_large_and_no_logo() {
        for (head, image) in [
            ("<meta property=og:image content=b.jpg?utm_source=x>", Some("https://example.com/a/b.jpg")),
            ("<meta property=og:image content=b.jpg><meta property=og:image:width content=64>", None),
            (
                "<meta property=og:image content=/site-logo.png><meta name=twitter:image content=/b.jpg>",
                Some("https://example.com/b.jpg"),
            ),
            ("<meta property=og:image content=/b.jpg?w=100>", None),
            ("<meta property=og:image content=/icon.svg>", None),
            ("<meta property=og:image content=/site-icon-512.png>", None),
            ("<meta property=og:image content=/loading.gif>", None),
            (
                "<meta property=og:image content=/icon-of-the-seas-cruise.jpg>",
                Some("https://example.com/icon-of-the-seas-cruise.jpg"),
            ),
            (
                "<meta property=og:image content=/google-pixel-9-review.jpg>",
                Some("https://example.com/google-pixel-9-review.jpg"),
            ),
            (
                "<meta property=og:image content=/thumb.jpg><meta property=og:image:width content=100>\
                 <meta property=og:image content=/large.jpg><meta property=og:image:width content=1200>",
                Some("https://example.com/large.jpg"),
            ),
            (
                "<meta property=og:image content=http://example.com/b.jpg>\
                 <meta property=og:image:secure_url content=/b.jpg><meta property=og:image:width content=1200>",
                Some("https://example.com/b.jpg"),
            ),
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

    #[test]
    fn the_first_large_image_of_the_body_stands_in() {
        let url = "https://example.com/a/".parse().unwrap();
        let body = |html: &str| {
            let document = dom_query::Document::from(html);
            first_large(&document.root(), &url).map(|u| u.to_string())
        };
        let large = Some("https://example.com/b.jpg".to_owned());
        assert_eq!(body("<p><img src=/a.jpg width=40 height=40><img src=/b.jpg width=1200 height=800>"), large);
        assert_eq!(body("<p><img src=/a.jpg><figure><img src=/b.jpg></figure>"), large);
        assert_eq!(body("<p><img src=/a.jpg>"), None);
    }
}
