//! What fitting the trees that judge lines needs (`benches/fit`), behind the feature `fit`.
//!
//! [`lines`] gives what the trees are asked about on a page, [`text_by`] the article that other trees than the
//! built-in ones make of it. Nothing here computes anything of its own: it is what [`super::extract`] does.

use jiff::Timestamp;
use kos_shared::event::HttpUrl;

use super::{Metadata, NotReadable, body, readable_tree};
pub use body::Trees;

/// A line of a page, as the trees are asked about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its text, white space collapsed.
    pub text: String,
    /// Its length in characters, those of scripts without spaces counted as two and a half.
    pub weight: f32,
    /// What speaks for and against it, in the order of `body::evidence`: as many for each line.
    pub numbers: Vec<f32>,
}

/// The lines of the page at `url` that its trees are asked about, in document order. Captions aren't among them: no
/// tree can keep them. Fails where the page goes over a bound.
pub fn lines(html: &str, url: &HttpUrl) -> Result<Vec<Line>, NotReadable> {
    let document = readable_tree(html)?;
    let base = Metadata::of(&document, url).base;
    Ok(body::lines_to_judge(document, &base))
}

/// The text of the article on the page at `url`, a line a paragraph, its lines judged by `trees`. Fails as
/// [`super::extract`] does.
pub fn text_by(trees: &Trees, html: &str, url: &HttpUrl) -> Result<String, NotReadable> {
    super::extract_by(trees, html, url, None, Timestamp::UNIX_EPOCH).map(|article| article.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> (String, HttpUrl) {
        let paragraph = "The city council voted on Monday, after a long debate, to close the old bridge for repairs.";
        let html = format!(
            "<title>A bridge</title><nav><a href=/>Home</a></nav><article>{}<figure><img src=/a.jpg>\
            <figcaption>The bridge</figcaption></figure></article>",
            format!("<p>{paragraph}</p>").repeat(6)
        );
        (html, "https://example.com/news/1".parse().unwrap())
    }

    #[test]
    fn each_line_but_captions_comes_with_as_many_numbers() {
        let (html, url) = page();
        let lines = lines(&html, &url).unwrap();
        assert_eq!(lines.len(), 7);
        assert_eq!((lines[0].text.as_str(), lines[0].weight), ("Home", 4.0));
        assert!(lines.iter().all(|l| l.numbers.len() == lines[0].numbers.len()));
        assert_eq!(
            (lines[0].numbers[0], lines[1].numbers[0]),
            (0.0, 1.0),
            "the first is the share that the scores kept"
        );
    }

    #[test]
    fn the_article_is_what_the_given_trees_keep() {
        let (html, url) = page();
        let keep_all = text_by(&Trees::read("1"), &html, &url).unwrap();
        assert!(keep_all.starts_with("Home\nThe city council"), "{keep_all}");
        let keep_kept = text_by(&Trees::read("0\n0<0.5?1:2 -1 1"), &html, &url).unwrap();
        assert!(keep_kept.starts_with("The city council"), "{keep_kept}");
    }
}
