//! Searching in the page.

use crate::{Visit, on_both_databases, page, take_in, without_scripts};

on_both_databases! { words_are_found_inside_of_longer_chinese_ones }

#[tokio::test]
async fn searching_needs_no_scripts() {
    words_are_found_inside_of_longer_chinese_ones(&without_scripts().await).await;
}

async fn words_are_found_inside_of_longer_chinese_ones(visit: &Visit) {
    for (name, title, text) in [
        (
            "simple",
            "软件更新",
            "新版安装简单，三分钟就能完成。开发者周一在公告里说，旧版的设置会自动保留，不需要重新登录。",
        ),
        (
            "pending",
            "法院积案",
            "法院仍有两百件待处理的案件。院长周二说，新来的法官从下个月起会分担这些案件，今年内全部审结。",
        ),
        (
            "honda",
            "本田召回汽车",
            "本田公司周三宣布召回三万辆汽车。公司说，刹车的软件有缺陷，车主可以到任何一家门店免费更新。",
        ),
    ] {
        take_in(&visit.pipeline, &format!("https://news.example/{name}"), &page("zh", title, text)).await;
    }
    let browser = &visit.browser;
    visit.open("/").await;
    for (words, title, marked) in [("简单", "软件更新", "简单"), ("处理", "法院积案", "处理")] {
        browser.fill("input[type=search]", words).await;
        browser.click("form[role=search] button").await;
        browser.until_shown("1 article").await;
        assert_eq!(browser.text(".results h2").await, title);
        assert_eq!(browser.text(".results mark").await, marked);
    }
    browser.fill("input[type=search]", "本地").await;
    browser.click("form[role=search] button").await;
    browser.until_shown("No articles found").await;
    assert!(browser.all(".results").await.is_empty());
    browser.fill("input[type=search]", "本田").await;
    browser.click("form[role=search] button").await;
    browser.until_shown("1 article").await;
    browser.click(".results a").await;
    assert_eq!(browser.text("h1").await, "本田召回汽车");
    visit.assert_quiet().await;
}
