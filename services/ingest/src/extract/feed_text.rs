//! The feed's own text in place of the page's.

use kos_shared::event::{BodySource, Hints, HttpUrl};

use super::{
    NotReadable,
    body::{self, Body},
};

/// Feeds that carry whole articles have at least so many words or characters of one.
const FULL: usize = 60;

/// So much more than the page's own is clearly more: a caption or a line about the author is less.
const CLEARLY: (usize, usize) = (4, 3);

/// The better of the page's body and the feed's, and whose it is: the feed's where it is clearly longer, or where it is
/// a whole article and the page none (`is_wall`).
pub(super) fn chosen(
    of_page: Body,
    is_wall: bool,
    hints: &Hints,
    base: &HttpUrl,
) -> Result<(Body, BodySource), NotReadable> {
    let Some(html) = &hints.content_html else { return Ok((of_page, BodySource::Page)) };
    let of_feed = body::whole(html, base)?;
    let (more, than) = CLEARLY;
    let longer = of_feed.words >= FULL && of_feed.words * than > of_page.words * more;
    // Of little text a few words more are a caption.
    let twice = of_feed.words > 2 * of_page.words;
    if longer || !is_wall && twice || is_wall && of_feed.words >= FULL {
        return Ok((Body { title: of_page.title, byline: of_page.byline, ..of_feed }, BodySource::Feed));
    }
    Ok((of_page, BodySource::Page))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(page_words: usize, is_wall: bool, feed: Option<usize>) -> BodySource {
        let of_page = Body { words: page_words, text: "page ".repeat(page_words), ..Body::default() };
        let content_html = feed.map(|words| format!("<p>{}</p>", "feed ".repeat(words)));
        let hints = Hints { content_html, ..Hints::default() };
        let (body, source) = chosen(of_page, is_wall, &hints, &"https://example.com/".parse().unwrap()).unwrap();
        assert_eq!(body.text.starts_with("feed"), source == BodySource::Feed);
        source
    }

    #[test]
    fn the_feeds_text_is_used_where_it_is_clearly_longer() {
        assert_eq!(source(300, false, Some(500)), BodySource::Feed);
        assert_eq!(source(300, false, Some(390)), BodySource::Page);
        assert_eq!(source(300, false, Some(20)), BodySource::Page);
        assert_eq!(source(300, false, None), BodySource::Page);
        assert_eq!(source(10, false, Some(18)), BodySource::Page);
        assert_eq!(source(10, false, Some(30)), BodySource::Feed);
    }

    #[test]
    fn a_whole_article_in_the_feed_stands_in_for_a_wall() {
        assert_eq!(source(200, true, Some(100)), BodySource::Feed);
        assert_eq!(source(100, true, Some(20)), BodySource::Page);
    }
}
