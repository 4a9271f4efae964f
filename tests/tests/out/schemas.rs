//! Documents as the schemas of their formats see them: JSON Feed 1.1, sitemaps 0.9 and OpenAPI 3.1.

use std::{fs, path::Path, process::Command};

use kos_shared::event::{Article as Ingested, ArticleId, Rights, Show};
use kos_tests::site_tools;
use tempfile::TempDir;

use crate::{Site, article};

const DOCUMENTS: [(&str, &str); 5] = [
    ("api.openapi.json", "/api/v1/openapi.json"),
    ("feed.json", "/feed.json"),
    ("language.json", "/feed.json?language=en"),
    ("search.json", "/feed.json?q=%3Cb%3E%26amp%3B+%22x%22"),
    ("sitemap.xml", "/sitemaps/1.xml"),
];

#[tokio::test]
async fn feeds_sitemaps_and_the_apis_document_are_valid_whatever_is_in_them() {
    let site = Site::start().await;
    let folder = TempDir::with_prefix("kos-documents-").unwrap();
    let keep = async |state: &str| {
        for (name, path) in DOCUMENTS {
            fs::write(folder.path().join(format!("{state}-{name}")), site.text(path).await).unwrap();
        }
    };
    keep("empty").await;
    for article in [article(2), article(3), odd(4), silent(5)] {
        site.publish(&article).await;
    }
    keep("filled").await;
    let found = wrong(folder.path());
    assert!(found.is_empty(), "{found}");

    let feed = site.text("/feed.json").await.replace("\"title\":", "\"name\":");
    fs::write(folder.path().join("planted.json"), feed).unwrap();
    let api = site.text("/api/v1/openapi.json").await.replace("\"responses\":", "\"answers\":");
    fs::write(folder.path().join("planted.openapi.json"), api).unwrap();
    let sitemap = r#"<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>"#;
    fs::write(folder.path().join("planted.xml"), sitemap).unwrap();
    let found = wrong(folder.path());
    for planted in ["planted.json: ", "planted.openapi.json: ", "planted.xml: "] {
        assert!(found.contains(planted), "what is wrong in {planted}isn't found: {found}");
    }
}

/// An article whose every field is as bad as it can be.
fn odd(number: u64) -> Ingested {
    let hostile = || "</title><script>alert('x')</script> \"quoted\" & ]]> \u{b}\u{85}".to_owned();
    let canonical_url = "https://odd.example/%E6%B8%A1/a b?q=<>\"{}|^`[]&é=渡#frag".parse().unwrap();
    let mut article = Ingested { article_id: ArticleId::of_canonical_url(&canonical_url), ..article(number) };
    (article.title, article.authors, article.tags) = (hostile(), vec![hostile(), String::new()], vec![hostile()]);
    (article.site.name, article.body_html, article.canonical_url) = (hostile(), hostile(), canonical_url);
    article.published_at = Some("0001-01-01T00:00:00+14:00".parse().unwrap());
    article
}

/// An article that says nothing.
fn silent(number: u64) -> Ingested {
    let mut article = article(number);
    (article.title, article.authors, article.site.name) = (" ".into(), vec![], String::new());
    article.rights = Rights { show: Show::None, ..Rights::default() };
    article
}

/// What is wrong with the documents of a folder, a line each.
fn wrong(folder: &Path) -> String {
    let mut node = Command::new("node");
    node.args(["-e", include_str!("schemas.js"), "--"]).arg(site_tools()).current_dir(folder);
    let checked = node.output().unwrap_or_else(|e| panic!("node can't be run: {e}"));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.stderr.is_empty(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(checked.status.success(), said.is_empty(), "{said}");
    said
}
