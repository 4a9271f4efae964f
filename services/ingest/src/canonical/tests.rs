//! What is the same page, and what a page is believed.

use super::*;

fn canonical(page: &str, declared: Option<&str>) -> String {
    canonical_url(&page.parse().unwrap(), declared.map(|d| d.parse().unwrap()).as_ref()).to_string()
}

#[test]
fn what_makes_no_difference_is_dropped() {
    for (page, clean) in [
        ("https://example.com/a?utm_source=x&id=7&fbclid=y#top", "https://example.com/a?id=7"),
        ("https://example.com/a?UTM_Source=x", "https://example.com/a"),
        ("https://example.com/a?", "https://example.com/a"),
        ("https://example.com:443/a?b=2&a=1&b=%20+", "https://example.com/a?b=2&a=1&b=%20+"),
        ("https://example.com/a?utmost=1&page=2", "https://example.com/a?utmost=1&page=2"),
        ("http://example.com:8080/a?&&", "http://example.com:8080/a"),
        ("https://EXAMPLE.com./a", "https://example.com/a"),
        ("https://reader:secret@example.com/a", "https://example.com/a"),
        ("https://example.com/%7Ejo/%e4%b8%ad%2fx?q=%61%26", "https://example.com/~jo/%E4%B8%AD%2Fx?q=a%26"),
        ("https://example.com/a%zz%4?b=%", "https://example.com/a%zz%4?b=%"),
        ("https://example.com/%2541", "https://example.com/%2541"),
        ("https://example.com/a%4%4454?b=%%41", "https://example.com/a%4%4454?b=%%41"),
        ("https://example.com/a;jsessionid=0A1B.node1?id=1", "https://example.com/a?id=1"),
        ("https://example.com/a;JSESSIONID=0A1B/b;v=1", "https://example.com/a/b;v=1"),
        ("https://example.com/(S(lit3py55t21z5v55vlm25s55))/a.aspx", "https://example.com/a.aspx"),
        ("https://example.com/a?amp=1", "https://example.com/a"),
        ("https://example.com/a?amp&id=2&outputType=amp", "https://example.com/a?id=2"),
    ] {
        assert_eq!(canonical(page, None), clean, "{page}");
    }
}

#[test]
fn what_may_make_a_difference_is_kept() {
    for page in [
        "https://example.com/#!/news/7",
        "https://www.example.com/a",
        "https://example.com/a/",
        "https://example.com/A",
        "https://example.com/a//b",
        "https://example.com/a?sid=4&ref=home",
        "https://example.com/a?amp=200",
        "https://m.example.com/a",
        "https://mobile.example.com/a",
        "https://example.com/guitars/amp",
        "https://example.com/amp/a",
        "https://www.google.com/amp/",
        "https://example.com/(S(x))y",
    ] {
        assert_eq!(canonical(page, None), page);
    }
}

#[test]
fn the_address_in_an_amp_cache_is_the_pages_where_the_page_says_so() {
    for (page, inside) in [
        (
            "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/a/amp?id=1",
            "https://www.example.com/a/amp?id=1",
        ),
        (
            "https://example-com.cdn.ampproject.org/v/s/example.com/a.html?amp_js_v=0.1&usqp=x",
            "https://example.com/a.html",
        ),
        ("https://www.google.com/amp/s/example.com/a", "https://example.com/a"),
        ("https://www.google.co.uk/amp/s/amp.example.com/a", "https://example.com/a"),
        ("https://example-com.cdn.ampproject.org/c/s/www.google.com/amp/s/example.com/a", "https://example.com/a"),
        ("https://example-com.cdn.ampproject.org/c/s/example.com/a/amp", "https://www.example.com/a"),
    ] {
        assert_eq!(canonical(page, Some(inside)), inside, "{page}");
    }
}

#[test]
fn the_address_in_an_amp_cache_is_not_the_pages_where_nothing_but_the_path_says_so() {
    for page in [
        "https://www.google.com/amp/s/example.com/a",
        "https://example-com.cdn.ampproject.org/c/s/example.com/a",
        "https://example-com.cdn.ampproject.org/c/s/",
    ] {
        assert_eq!(canonical(page, None), page);
        assert_eq!(canonical(page, Some("https://example.org/a")), page, "a page that says it is another site's");
    }
    for page in [
        "https://www.google.evil.example/amp/s/victim.example/news/1",
        "https://www.google.tk/amp/s/victim.example/news/1",
        "https://www.google.com.evil.example/amp/s/victim.example/news/1",
        "https://google.com/amp/s/victim.example/news/1",
        "https://cdn.ampproject.org.evil.example/c/s/victim.example/news/1",
    ] {
        assert_eq!(canonical(page, Some("https://victim.example/news/1")), page);
    }
}

#[test]
fn a_declared_address_of_the_same_site_wins() {
    for (page, declared) in [
        ("http://m.example.com/a?id=1", "https://www.example.com/news/a"),
        ("https://amp.example.com/a", "https://example.com/a"),
        ("https://wap.example.com/a", "https://example.com/a"),
        ("https://example.com/a/amp", "https://example.com/a"),
        ("https://example.com/a.amp.html", "https://example.com/a.html"),
        ("https://example.com/?p=1", "https://example.com/a"),
        ("https://example.com/", "https://www.example.com/"),
        ("https://example.com/en", "https://example.com/"),
        ("https://example.com/guitars/7", "https://example.com/guitars/amp"),
        ("https://m.example.com/a", "https://m.example.com/b"),
        ("https://example.com/a", "https://example.com/index.php?id=3"),
        ("https://en.m.wikipedia.org/wiki/Ferry", "https://en.wikipedia.org/wiki/Ferry"),
        ("https://3g.163.com/news/article/A1.html", "https://www.163.com/news/article/A1.html"),
        ("https://touch.example.com/a", "https://www.example.com/a"),
        ("https://example.com/a?page=2&sort=new", "https://example.com/a"),
        ("https://example.com/show?id=7&ref=x", "https://example.com/show?id=7"),
        ("https://example.com/the-ferry-runs-again/2", "https://example.com/the-ferry-runs-again/"),
        ("https://example.com/news/1234567/print", "https://example.com/news/1234567"),
        ("https://example.com/news/a", "https://example.com/news/b"),
    ] {
        assert_eq!(canonical(page, Some(declared)), declared, "{page}");
    }
    assert_eq!(canonical("https://example.com/x", Some("https://example.com/a?utm_id=1#c")), "https://example.com/a");
}

#[test]
fn a_declared_address_that_cannot_be_true_is_not_believed() {
    for (page, declared) in [
        ("https://example.com/a", "https://example.org/a"),
        ("https://example.com/a", "https://example.com/"),
        ("https://example.com/a", "https://www.example.com"),
        ("https://example.com/a", "https://example.com/index.html"),
        ("https://example.com/en/a", "https://example.com/en/"),
        ("https://example.com/a", "https://example.com/zh-cn"),
        ("https://blog.example.com/a", "https://example.com/a"),
        ("https://m.com/a", "https://com/a"),
        ("https://www.com/a", "https://com/a"),
        ("https://www.example.com/a", "https://m.example.com/a"),
        ("https://example.com/a/", "https://example.com/a/amp/"),
        ("https://example.com/a.html", "https://example.com/a.amp.html"),
        ("https://example.com/a", "https://example.com/{{ slug }}"),
        ("https://example.com/a", "https://example.com/undefined"),
        ("https://example.com/a", "http://example.com:8080/a"),
        ("https://example.com/a", "https://example.com:8443/a"),
        ("http://example.com:8080/a", "http://example.com/a"),
        ("https://example.com/article.php?id=7", "https://example.com/article.php"),
        ("https://example.com/show?articleId=7&lang=en", "https://example.com/show/?lang=en"),
        ("https://example.com/news/a", "https://example.com/news/"),
        ("https://example.com/news/a", "https://www.example.com/news"),
        ("https://example.com/2024/a", "https://example.com/2024/"),
        ("https://en.m.example.com/a", "https://de.example.com/a"),
        ("https://evil.m.co.uk/a", "https://evil.co.uk/a"),
        ("https://alice.example.com/a", "https://bob.example.com/a"),
    ] {
        assert_eq!(canonical(page, Some(declared)), page, "{declared}");
    }
}

#[test]
fn the_first_declared_address_that_can_be_true_is_taken() {
    let page = "https://example.com/x".parse().unwrap();
    let declared =
        ["https://example.com/", "https://example.com/a", "https://example.com/b"].map(|d| d.parse().unwrap());
    assert_eq!(canonical_url(&page, &declared).as_str(), "https://example.com/a");
    assert_eq!(canonical_url(&page, []), page);
}

#[test]
fn it_is_the_same_the_second_time_and_never_less_secure() {
    let hosts =
        ["example.com", "m.example.com", "u:p@www.example.com.", "a-b.cdn.ampproject.org", "[::1]:8080", "例.中国"];
    let paths = [
        "/",
        "/en",
        "/a/amp/",
        "/a.amp.html;jsessionid=1/..;jsessionid=2/b",
        "/c/s/www.google.com/amp/example.com/%2e%2E/%61%zz",
        "/(S(x))/(S(y))//",
        "/%25%34%31;jsessionid=",
        "/c/s/c/s/amp..%2f",
    ];
    let queries = ["", "?", "?amp&amp=1", "?%61mp=1&utm_x", "?x=%41%2&phpsessid=1", "?outputType=%2561mp", "?%26=&&"];
    let fragments = ["", "#!", "#!/%61", "#a"];
    let mut all: Vec<HttpUrl> = Vec::new();
    for scheme in ["http", "https"] {
        for host in hosts {
            for path in paths {
                for query in queries {
                    let of = |fragment| format!("{scheme}://{host}{path}{query}{fragment}").parse().unwrap();
                    all.extend(fragments.iter().map(of));
                }
            }
        }
    }
    for (at, page) in all.iter().enumerate() {
        let alone = canonical_url(page, []);
        assert_eq!(canonical_url(&alone, []), alone, "{page}");
        for step in [1, 7, 191, 1_344] {
            let declared = &all[(at + step) % all.len()];
            let found = canonical_url(page, [declared]);
            assert_eq!(canonical_url(&found, []), found, "{page} {declared}");
            assert_eq!(canonical_url(&found, [declared]), found, "{page} {declared}");
            let secure = |url: &HttpUrl| url.as_url().scheme() == "https";
            assert!(secure(&found) || !secure(page), "{page} {declared} {found}");
        }
    }
}
