//! What stands for an image: a link to it. Images are at their publisher's or a third party's, who would see each reader.

use super::{
    Messages,
    outline::NAMELESS,
    tags::{IMAGE, tag_length},
};

/// A body whose links to images say so in the interface's language: `Image: A chart (show at source)`.
pub(super) fn labelled(body: &str, messages: &Messages) -> String {
    let label = format!(r#"<span lang="{}">{}"#, messages.lang, messages.text("article-image"));
    let way =
        format!(r#" <span class="way" lang="{}">{}</span>"#, messages.lang, messages.text("article-image-at-source"));
    let mut parts = body.split(IMAGE);
    let mut labelled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (attributes, after) = part.split_at(tag_length(part));
        let (text, after) = after.split_once("</a>").unwrap_or((after, ""));
        let (colon, text) = if text == NAMELESS { ("".into(), "") } else { (messages.text("site-colon"), text) };
        labelled.push_str(&format!("{IMAGE}{attributes}{label}{colon}</span>{text}{way}</a>{after}"));
    }
    labelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{
        messages::{CHINESE, ENGLISH},
        site_body,
    };

    #[test]
    fn a_link_to_an_image_says_what_it_is() {
        let body = site_body(
            r#"<p>a <img src="https://x.example/i.png?>" alt="Rain &amp; fog"></p><figure><img src="https://x.example/j.png"></figure>"#,
        );
        let english = labelled(&body, &ENGLISH);
        assert!(
            english.contains(r#"<span lang="en">Image: </span>Rain &amp; fog <span class="way" lang="en">(show at source)</span></a></p>"#),
            "{english}"
        );
        assert!(english.contains(r#"<span lang="en">Image</span> <span class="way""#), "{english}");
        assert!(labelled(&body, &CHINESE).contains(r#"<span lang="zh-Hans">图片：</span>Rain"#));
        assert!(!english.contains("<img"), "{english}");
    }

    #[test]
    fn a_body_without_images_is_as_it_was() {
        assert_eq!(labelled("<p>a</p>", &ENGLISH), "<p>a</p>");
    }
}
