//! What no model is asked for: what a publisher refuses, and what would cost too much.

use kos_shared::{
    event::{AttemptOutcome, MissingCode},
    text::count_words,
};
use kos_tests::{Act, Article, ModelServer, eventually};

use crate::{LIMIT, page, pipeline, publish, seen};

/// The article on a page that refuses machine use.
fn refusing(number: u64) -> Article {
    let article = page(number);
    let html = article.html.replace("<head>\n", "<head>\n<meta name=\"robots\" content=\"noai\">\n");
    assert!(html.contains("noai"), "generated pages have another form now");
    Article { html, ..article }
}

#[tokio::test]
async fn an_article_whose_publisher_refuses_machine_use_goes_to_no_model() {
    let server = ModelServer::start(|_| Act::Good);
    let pipeline = pipeline(&server.url(), &[]).await;
    for number in 500..502 {
        let article = refusing(number);
        publish(&pipeline, &article).await;
        let seen = seen(&pipeline, &article).await;
        seen.assert_excerpt(&article, MissingCode::RightsRefused, &[]);
        assert!(count_words(&seen.done.summaries[0].text) <= 50, "{:?}", seen.done.summaries);
        assert!(seen.done.attempts.is_empty());
    }
    assert_eq!(server.count(), 0);
    // The endpoint is there for others.
    publish(&pipeline, &page(502)).await;
    seen(&pipeline, &page(502)).await.assert_by_model("played");
}

#[tokio::test]
async fn there_is_no_excerpt_of_a_refusing_publisher_where_the_operator_wants_none() {
    let server = ModelServer::start(|_| Act::Good);
    let pipeline = pipeline(&server.url(), &[("KOS_REFUSED", "none")]).await;
    let article = refusing(504);
    publish(&pipeline, &article).await;
    let seen = seen(&pipeline, &article).await;
    assert!(seen.done.summaries.is_empty(), "{:#?}", seen.done.summaries);
    let missing: Vec<_> = seen.done.missing.iter().map(|m| (m.language.as_str(), m.code)).collect();
    assert_eq!(missing, [("en", MissingCode::RightsRefused), ("zh", MissingCode::RightsRefused)]);
    assert!(seen.html.contains("the publisher refuses machine use"), "{}", seen.html);
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_summary_stands_without_its_title_where_a_better_one_can_t_be_paid_for() {
    let server = ModelServer::start(|call| Act::Says(call.answer("Only an English title", &call.good_sentences())));
    // Enough for one call, which reserves more than the 1,000 tokens that it costs.
    let pipeline = pipeline(&server.url(), &[("KOS_LLM_DAILY_TOKENS", "2400"), ("KOS_LANGUAGES", "zh")]).await;
    publish(&pipeline, &page(530)).await;
    let done = seen(&pipeline, &page(530)).await.done;
    let outcomes: Vec<_> = done.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Failed, AttemptOutcome::BudgetSpent], "{done:#?}");
    let written = &done.summaries[0];
    assert_eq!((written.language.as_str(), written.title.as_deref()), ("zh", None));
    assert_eq!(written.model.as_deref(), Some("played"));
}

#[tokio::test]
async fn an_answer_of_the_second_endpoint_is_found_again_though_nothing_is_left_for_the_first() {
    let (first, second) = (
        ModelServer::start(|call| if call.number <= 3 { Act::Status(503, None) } else { Act::Good }),
        ModelServer::start(|_| Act::Good),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("endpoints.toml");
    std::fs::write(&file, format!("[[endpoint]]\nurl = \"{}\"\nmodel = \"second\"\n", second.url())).unwrap();
    let file = file.display().to_string();
    let variables = [
        ("KOS_LLM_ENDPOINTS", file.as_str()),
        ("KOS_LLM_DAILY_TOKENS", "2400"),
        ("KOS_LLM_PATIENCE", "0s"),
        ("KOS_LANGUAGES", "zh"),
    ];
    let pipeline = pipeline(&first.url(), &variables).await;
    publish(&pipeline, &page(540)).await;
    assert_eq!(seen(&pipeline, &page(540)).await.done.summaries[0].model.as_deref(), Some("second"));
    let replayed = pipeline.kos(&["replay", "--stage", "summarize"]).await;
    assert_eq!(replayed.code, 0, "{replayed:?}");
    eventually(LIMIT, "the second event", async || (pipeline.stored("KOS_SUMMARIZED").await.len() > 1).then_some(()))
        .await;
    let done = seen(&pipeline, &page(540)).await.done;
    let outcomes: Vec<_> = done.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::BudgetSpent, AttemptOutcome::Passed], "{done:#?}");
    assert_eq!((second.count(), done.summaries[0].model.as_deref()), (1, Some("second")));
}

#[tokio::test]
async fn the_day_s_tokens_are_not_overspent() {
    const DAILY: usize = 9_000;
    let server = ModelServer::start(|_| Act::Good);
    let pipeline = pipeline(&server.url(), &[("KOS_LLM_DAILY_TOKENS", &DAILY.to_string())]).await;
    let articles: Vec<Article> = (510..520).map(page).collect();
    let mut spent = 0;
    for article in &articles {
        publish(&pipeline, article).await;
        let seen = seen(&pipeline, article).await;
        let refused = seen.done.attempts.iter().filter(|a| a.outcome == AttemptOutcome::BudgetSpent).count();
        if refused == 2 {
            spent += 1;
            seen.assert_excerpt(article, MissingCode::BudgetSpent, &[]);
        }
    }
    // A call is told to cost 1,000 tokens.
    assert!(server.count() >= 4 && server.count() * 1_000 <= DAILY, "{} calls", server.count());
    assert!(spent >= 5, "{spent} articles found the budget spent");
    let kept: i64 = pipeline.query("summarize", "select tokens from tokens_spent").await;
    assert_eq!(kept, server.count() as i64 * 1_000, "what was reserved is settled");
}
