//! What an article is about, in its publisher's words.

use super::{
    metadata::{Metadata, some_text},
    title::{SiteNames, fold},
};

/// The most tags: more are written for search engines.
const MAX_TAGS: usize = 16;

/// The most that are looked at to find them.
const MAX_LOOKED_AT: usize = 200;

/// The longest tag, in characters.
const MAX_CHARS: usize = 60;

/// The tags of the page's article, else the feed's: each once, the site's name being none.
pub(super) fn tags(metadata: &Metadata, site: &SiteNames, of_feed: &[String]) -> Vec<String> {
    let of_metas = ["article:tag", "og:article:tag", "article:section", "news_keywords", "keywords", "parsely-tags"];
    let json_ld = &metadata.json_ld.article.keywords;
    let told = of_metas.iter().flat_map(|n| metadata.all_metas(n)).chain(json_ld.iter().map(String::as_str));
    let found = distinct(told, site);
    if found.is_empty() { distinct(of_feed.iter().map(String::as_str), site) } else { found }
}

fn distinct<'a>(lists: impl Iterator<Item = &'a str>, site: &SiteNames) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    // Entities end in what tags are split at.
    let lists = lists.filter_map(some_text);
    let each =
        lists.flat_map(|list| list.split([',', ';', '，', '、', '；', '|']).map(str::to_owned).collect::<Vec<_>>());
    for tag in each.take(MAX_LOOKED_AT) {
        let Some(tag) = some_text(tag.trim().trim_start_matches('#')) else { continue };
        let known = tags.iter().any(|t| fold(t) == fold(&tag));
        if tags.len() < MAX_TAGS
            && tag.chars().count() <= MAX_CHARS
            && !fold(&tag).is_empty()
            && !known
            && !site.is_name(&tag)
        {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_gathered_once_each() {
        let page = r##"<meta property=article:tag content=Bridges><meta property=article:tag content="Road works">
            <meta name=keywords content="bridges, Traffic, Example, #City , , ">
            <script type=application/ld+json>{"@type":"Article","keywords":["traffic","R&amp;D"]}</script>"##;
        let url = "https://www.example.com/".parse().unwrap();
        let metadata = Metadata::of(&dom_query::Document::from(page), &url);
        let site = metadata.site_names(&url);
        assert_eq!(tags(&metadata, &site, &["feed".into()]), ["Bridges", "Road works", "Traffic", "City", "R&D"]);
        let bare = Metadata::of(&dom_query::Document::from("<p>x"), &url);
        assert_eq!(tags(&bare, &site, &["feed".into(), "Feed".into()]), ["feed"]);
        let many: Vec<String> = (0..40).map(|i| format!("t{i}")).collect();
        assert_eq!(tags(&bare, &site, &many).len(), 16);
    }
}
