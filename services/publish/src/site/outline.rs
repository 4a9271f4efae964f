//! The outline of a sanitized body: its headings below the page's own, links in the place of images, nothing empty.

use super::{
    sanitize::LINK_REL,
    tags::{IMAGE, tag_length},
};

/// Writes a body anew so that it fits into a page. `clean` is what ammonia wrote: well-formed, values in
/// double quotes. Nothing is added to it but headings' levels, links in the place of images, a frame around tables, and
/// blocks in the place of summaries without details.
pub(super) fn outlined(clean: &str) -> String {
    let mut outline = Outline::new(clean);
    let mut rest = clean;
    while let Some(open) = rest.find('<') {
        let (text, tag) = rest.split_at(open);
        outline.text(text);
        let end = tag_length(tag);
        outline.tag(&tag[..end]);
        rest = &tag[end..];
    }
    outline.text(rest);
    outline.out
}

/// The text of a link to an image that says nothing of itself.
pub(super) const NAMELESS: &str = "↗";

/// A body while it is written anew, tag by tag.
struct Outline<'a> {
    out: String,
    /// The heading levels (1 to 6) that the body uses.
    levels: [bool; 7],
    /// The level that the heading before was given. The page's title counts as one.
    last_level: usize,
    /// How long `out` was when text last was added to it: an element that began later is empty.
    text_ends: usize,
    /// Open elements that go when they turn out to be empty.
    open: Vec<Open<'a>>,
    table_depth: usize,
    details_depth: usize,
}

/// An open element.
struct Open<'a> {
    name: &'a str,
    /// Where it begins in the output.
    start: usize,
    /// The first alternative text of its images, as escaped text.
    alt: Option<String>,
    /// The heading level before it.
    level_before: usize,
    /// The heading level that it was given, where it is a heading.
    level: usize,
    /// Whether its content stays without it: a link that leads nowhere.
    bare: bool,
}

impl<'a> Outline<'a> {
    fn new(clean: &str) -> Self {
        let mut levels = [false; 7];
        for (level, used) in levels.iter_mut().enumerate().skip(1) {
            *used = clean.contains(&format!("</h{level}>"));
        }
        Self {
            out: String::with_capacity(clean.len()),
            levels,
            last_level: 1,
            text_ends: 0,
            open: vec![],
            table_depth: 0,
            details_depth: 0,
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
        if text.split("&nbsp;").any(|part| !part.trim().is_empty()) {
            self.text_ends = self.out.len();
        }
    }

    fn tag(&mut self, tag: &'a str) {
        let closes = tag.starts_with("</");
        let name_start = 1 + usize::from(closes);
        let name_length = tag[name_start..].find([' ', '>', '/']).unwrap_or(tag.len() - name_start);
        let name = &tag[name_start..name_start + name_length];
        match (name, closes) {
            ("img", _) => self.image(tag),
            ("table", false) => {
                self.table_depth += 1;
                // A wide table scrolls by itself, for the keyboard too, and leaves the page in place.
                self.out.push_str(if self.table_depth == 1 { r#"<div class="wide" tabindex="0">"# } else { "" });
                self.out.push_str(tag);
            }
            ("table", true) => {
                self.table_depth = self.table_depth.saturating_sub(1);
                self.out.push_str(tag);
                self.out.push_str(if self.table_depth == 0 { "</div>" } else { "" });
            }
            ("details", false) => {
                self.details_depth += 1;
                self.out.push_str(tag);
            }
            ("details", true) => {
                self.details_depth = self.details_depth.saturating_sub(1);
                self.out.push_str(tag);
            }
            // There is nothing that it could unfold.
            ("summary", _) if self.details_depth == 0 => self.out.push_str(&tag.replacen("summary", "div", 1)),
            (name, false) if goes_when_empty(name) => self.begin(name, tag),
            (name, true) if goes_when_empty(name) => self.end(name, tag),
            _ => self.out.push_str(tag),
        }
    }

    fn begin(&mut self, name: &'a str, tag: &str) {
        let (start, level_before) = (self.out.len(), self.last_level);
        let level = self.demoted(name).unwrap_or_default();
        let bare = name == "a" && value(tag, "href").is_none();
        if bare {
            // Nothing stands for it.
        } else if level > 0 {
            self.last_level = level;
            self.out.push_str(&format!("<h{level}{}", &tag[3..]));
        } else {
            self.out.push_str(tag);
        }
        self.open.push(Open { name, start, alt: None, level_before, level, bare });
    }

    fn end(&mut self, name: &str, tag: &str) {
        // The serializer closes what it opens, in order.
        let Some(element) = self.open.pop_if(|open| open.name == name) else { return };
        if self.text_ends > element.start {
            match element.level {
                0 if element.bare => {}
                0 => self.out.push_str(tag),
                level => self.out.push_str(&format!("</h{level}>")),
            }
            return;
        }
        match (name, element.alt) {
            ("a", Some(alt)) if !element.bare => {
                let tag_end = element.start + tag_length(&self.out[element.start..]);
                self.out.truncate(tag_end);
                self.text(&alt);
                self.out.push_str(tag);
            }
            ("figure", Some(alt)) => {
                self.out.truncate(element.start);
                self.out.push_str(r#"<figure><p class="alt">"#);
                self.text(&alt);
                self.out.push_str("</p></figure>");
            }
            (_, alt) => {
                self.out.truncate(element.start);
                self.last_level = element.level_before;
                if let (Some(parent), Some(alt)) = (self.open.last_mut(), alt) {
                    parent.alt.get_or_insert(alt);
                }
            }
        }
    }

    /// Puts a link in the place of an image that says what it shows, or that stands as a figure; a page that showed it would
    /// tell its server who reads what. Within a link the alternative text is noted for the link, which may have no other.
    fn image(&mut self, tag: &str) {
        let alt = value(tag, "alt").unwrap_or_default().trim();
        // A value is escaped otherwise than a text: it may hold a bare `<`, which would begin a tag.
        let text = alt.replace('<', "&lt;").replace('>', "&gt;").replace("&quot;", "\"");
        let within = |name| self.open.iter().any(|open| open.name == name && !open.bare);
        let source = value(tag, "src").filter(|source| source.starts_with("https://") || source.starts_with("http://"));
        match source.filter(|_| !within("a") && (!text.is_empty() || within("figure"))) {
            Some(source) => {
                self.out.push_str(&format!(r#"{IMAGE}href="{source}" rel="{LINK_REL}">"#));
                self.text(if text.is_empty() { NAMELESS } else { &text });
                self.out.push_str("</a>");
            }
            None => {
                if let (Some(parent), false) = (self.open.last_mut(), text.is_empty()) {
                    parent.alt.get_or_insert(text);
                }
            }
        }
    }

    /// The level of a heading on the page: its rank among those that the body uses, below the page's
    /// title, and never more than one deeper than the heading before.
    fn demoted(&self, name: &str) -> Option<usize> {
        let level: usize = name.strip_prefix('h')?.parse().ok()?;
        let rank = self.levels.iter().take(level).filter(|used| **used).count();
        Some((rank + 2).min(self.last_level + 1).min(6))
    }
}

/// The value of an attribute, as it is written.
fn value<'a>(tag: &'a str, attribute: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {attribute}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

fn goes_when_empty(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "blockquote"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "em"
            | "figcaption"
            | "figure"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "i"
            | "li"
            | "ol"
            | "p"
            | "strong"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use crate::site::site_body;

    #[test]
    fn headings_stand_below_the_title_of_the_page_without_gaps() {
        assert_eq!(
            site_body("<h1>a</h1><h3 lang=\"en\">b</h3><h1>c</h1>"),
            "<h2>a</h2><h3 lang=\"en\">b</h3><h2>c</h2>"
        );
        assert_eq!(site_body("<h4>a</h4><h2>b</h2><h4>c</h4>"), "<h2>a</h2><h2>b</h2><h3>c</h3>");
        let all: String = (1..=6).map(|n| format!("<h{n}>x</h{n}>")).collect();
        assert_eq!(site_body(&all), "<h2>x</h2><h3>x</h3><h4>x</h4><h5>x</h5><h6>x</h6><h6>x</h6>");
    }

    #[test]
    fn a_summary_stands_in_details_only() {
        let within = "<details><summary>a</summary><p>b</p></details>";
        assert_eq!(
            site_body(&format!("{within}<summary dir=\"rtl\">c</summary>")),
            format!("{within}<div dir=\"rtl\">c</div>")
        );
    }

    #[test]
    fn an_image_gives_way_to_a_link_or_its_text_or_nothing() {
        for (given, shown) in [
            (
                r#"<p>a<img src="https://x.example/i.png?a&amp;b" alt="A &lt;chart&gt;">b</p>"#,
                r#"<p>a<a class="image" href="https://x.example/i.png?a&amp;b" rel="nofollow noopener noreferrer external">A &lt;chart&gt;</a>b</p>"#,
            ),
            (
                r#"<figure><img src="https://x.example/i.png"><figcaption>Rain</figcaption></figure>"#,
                r#"<figure><a class="image" href="https://x.example/i.png" rel="nofollow noopener noreferrer external">↗</a><figcaption>Rain</figcaption></figure>"#,
            ),
            (r#"<p>a<img src="https://x.example/pixel.gif">b<img src="mailto:a@x.example" alt="m"></p>"#, "<p>ab</p>"),
            (r#"<figure><img alt="A &quot;chart&quot;"></figure>"#, r#"<figure><p class="alt">A "chart"</p></figure>"#),
            (r#"<figure><p><img alt="chart"></p></figure>"#, r#"<figure><p class="alt">chart</p></figure>"#),
            (
                r#"<figure><img alt="chart"><figcaption>Rain</figcaption></figure>"#,
                "<figure><figcaption>Rain</figcaption></figure>",
            ),
            (
                r#"<p>a</p><p><img alt=""></p><figure><img></figure><h2><img></h2><ul><li><img></li></ul><p>b</p>"#,
                "<p>a</p><p>b</p>",
            ),
        ] {
            assert_eq!(site_body(given), shown);
        }
        assert_eq!(
            site_body("<p><a>one</a> <a href='/two'><b>two</b></a><a><img alt=three></a></p>"),
            "<p>one <b>two</b></p>"
        );
        let link = site_body(
            r#"<p>a <a href="https://x.example/"><img alt="home"></a> <a href="https://x.example/"><img></a></p>"#,
        );
        assert_eq!(
            link,
            r#"<p>a <a href="https://x.example/" rel="nofollow noopener noreferrer external">home</a> </p>"#
        );
    }

    #[test]
    fn an_alternative_text_stays_text() {
        let body = site_body(r#"<figure><img alt="<script>alert(1)</script>"></figure>"#);
        assert_eq!(body, r#"<figure><p class="alt">&lt;script&gt;alert(1)&lt;/script&gt;</p></figure>"#);
        let body = site_body(r#"<a href="https://x.example/?<b>"><img alt="<img src=x onerror=alert(1)>"></a>"#);
        assert!(!body.contains("<img") && !body.contains("<b>"), "{body}");
    }

    #[test]
    fn a_wide_table_scrolls_by_itself() {
        let body = site_body("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>");
        assert_eq!(body.matches("<div class=\"wide\"").count(), 1);
        assert_eq!(body.matches("</div>").count(), 1);
    }
}
