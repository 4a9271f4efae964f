//! Summarize workers on one PostgreSQL, in front of a model that takes its time. How much faster more of them are, `make
//! bench` measures.

use std::time::Duration;

use kos_tests::{Act, Article, Articles, End, ModelServer, eventually, summarizing::Summarizing};

/// How long the model takes for one call.
const CALL: Duration = Duration::from_secs(2);

/// How many calls one worker makes at once.
const AT_ONCE: usize = 4;

const LIMIT: Duration = Duration::from_secs(60);

fn articles(count: u64) -> Vec<Article> {
    let pages = Articles::new(61).text_bytes(1_200);
    (0..count).map(|number| pages.page(number)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_have_four_times_the_calls_of_one_under_way() {
    let server = ModelServer::start(|_| Act::Good.after(CALL));
    let summarizing = Summarizing::start(4, AT_ONCE, &server).await;
    let articles = articles(40);
    summarizing.publish(&articles).await;
    eventually(LIMIT, "every worker makes as many calls as it may", async || {
        let underway = server.count_of(End::Underway);
        (underway == 4 * AT_ONCE).then_some(()).ok_or(format!("{underway} are under way"))
    })
    .await;
    summarizing.wait_until_done(40, LIMIT).await;
    assert_eq!(server.count(), 2 * articles.len(), "each summary is asked for once");
}

/// The claim of a question is renewed every two seconds. Here its answer takes longer than that to be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_renewed_while_its_answer_is_written_holds_nothing_up() {
    let server = ModelServer::start(|_| Act::Good);
    let summarizing = Summarizing::start(1, AT_ONCE, &server).await;
    summarizing
        .alter(
            "create function summarize.take_long() returns trigger language plpgsql as $$ \
             begin perform pg_sleep(3); return new; end $$; \
             create trigger take_long after update of text on summarize.answers for each row \
             execute function summarize.take_long()",
        )
        .await;
    summarizing.publish(&articles(1)).await;
    summarizing.wait_until_done(1, LIMIT).await;
    assert_eq!(server.count(), 2);
}
