//! What summarize remembers, on both databases: answers that are paid for once, the day's tokens, who waits since when.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp, ToSpan};
use kos_shared::{
    event::{Language, Verdict},
    store::Store,
};
use kos_summarize::{
    model::{Finish, Usage},
    state::MIGRATIONS,
    writing::{
        answers::{self, Answers, Claimed, Kept, LEASE, Question},
        budget::{self, Budget},
        track_record::{self, TrackRecord},
        waiting,
    },
};
use kos_tests::{Database, on_both_databases, stage::count};

on_both_databases! {
    an_answer_is_kept_under_all_that_it_answers
    while_one_worker_asks_the_others_wait
    the_claim_of_a_dead_worker_passes_to_another
    a_claim_that_is_renewed_holds
    a_question_that_was_not_answered_is_free_at_once
    of_two_answers_that_were_paid_for_the_first_stays
    old_answers_and_lost_claims_are_forgotten
    the_days_tokens_are_spent_once_by_all_workers
    what_a_call_did_cost_takes_the_place_of_what_was_reserved
    a_new_day_has_new_tokens
    an_event_waits_since_it_first_did
    a_model_is_known_by_its_last_articles
    one_source_does_not_crowd_out_the_others
    workers_that_note_articles_of_one_host_do_not_wait_for_each_other_in_a_ring
    a_record_is_of_one_model_and_counts_an_article_once
}

async fn an_answer_is_kept_under_all_that_it_answers(database: Database) {
    let answers = Answers::new(open(&database).await);
    let question = question(1);
    assert_eq!(answers.claim(&question, at(0)).await.unwrap(), Claimed::Mine);
    let answer = Kept { text: "It’s a\0 tie。".into(), finish: Finish::Other("odd".into()), ..answer("") };
    answers.keep(&question, &answer, at(1)).await.unwrap();
    // PostgreSQL has no NUL.
    let kept = Kept { text: "It’s a tie。".into(), ..answer };
    assert_eq!(answers.claim(&question, at(2)).await.unwrap(), Claimed::Answer(kept));
    for other in [
        Question { content_hash: "other".into(), ..question.clone() },
        Question { prompt_version: "zh-2".into(), ..question.clone() },
        Question { model: "other".into(), ..question.clone() },
        Question { language: Language::ENGLISH, ..question.clone() },
        Question { number: 2, ..question.clone() },
    ] {
        assert_eq!(answers.claim(&other, at(2)).await.unwrap(), Claimed::Mine, "{other:?}");
    }
}

async fn while_one_worker_asks_the_others_wait(database: Database) {
    let store = open(&database).await;
    let (one, other) = (Answers::new(store.clone()), Answers::new(store));
    assert_eq!(one.claim(&question(1), at(0)).await.unwrap(), Claimed::Mine);
    let Claimed::Others(until) = other.claim(&question(1), at(0)).await.unwrap() else { panic!("two ask at once") };
    assert_eq!(until, at(0) + SignedDuration::try_from(LEASE).unwrap());
    one.keep(&question(1), &answer("done"), at(1)).await.unwrap();
    assert_eq!(other.claim(&question(1), at(1)).await.unwrap(), Claimed::Answer(answer("done")));
}

async fn the_claim_of_a_dead_worker_passes_to_another(database: Database) {
    let store = open(&database).await;
    let (dead, other, third) = (Answers::new(store.clone()), Answers::new(store.clone()), Answers::new(store));
    assert_eq!(dead.claim(&question(1), at(0)).await.unwrap(), Claimed::Mine);
    let after = at(0) + SignedDuration::try_from(LEASE).unwrap();
    assert_eq!(other.claim(&question(1), after).await.unwrap(), Claimed::Mine);
    assert!(matches!(third.claim(&question(1), after).await.unwrap(), Claimed::Others(_)), "only one takes it over");
    // It was only slow: it can't give back what is another's now.
    dead.release(&question(1)).await.unwrap();
    assert!(matches!(third.claim(&question(1), after).await.unwrap(), Claimed::Others(_)));
}

async fn a_claim_that_is_renewed_holds(database: Database) {
    let store = open(&database).await;
    let (one, other) = (Answers::new(store.clone()), Answers::new(store));
    assert_eq!(one.claim(&question(1), at(0)).await.unwrap(), Claimed::Mine);
    one.renew(&question(1), at(5)).await.unwrap();
    assert!(matches!(other.claim(&question(1), at(10)).await.unwrap(), Claimed::Others(_)));
    assert_eq!(other.claim(&question(1), at(11)).await.unwrap(), Claimed::Mine);
}

async fn a_question_that_was_not_answered_is_free_at_once(database: Database) {
    let store = open(&database).await;
    let (one, other) = (Answers::new(store.clone()), Answers::new(store));
    assert_eq!(one.claim(&question(1), at(0)).await.unwrap(), Claimed::Mine);
    one.release(&question(1)).await.unwrap();
    assert_eq!(other.claim(&question(1), at(0)).await.unwrap(), Claimed::Mine);
}

async fn of_two_answers_that_were_paid_for_the_first_stays(database: Database) {
    let answers = Answers::new(open(&database).await);
    for text in ["first", "second"] {
        answers.keep(&question(1), &answer(text), at(0)).await.unwrap();
    }
    assert_eq!(answers.claim(&question(1), at(0)).await.unwrap(), Claimed::Answer(answer("first")));
}

async fn old_answers_and_lost_claims_are_forgotten(database: Database) {
    let store = open(&database).await;
    let answers = Answers::new(store.clone());
    answers.keep(&question(1), &answer("old"), at(0)).await.unwrap();
    answers.claim(&question(2), at(0)).await.unwrap();
    let day = at(24 * 60 * 60);
    answers::keep_house(&store, day).await.unwrap();
    assert_eq!(count(&store, "answers").await, 2, "the claim may still be renewed");
    answers::keep_house(&store, day + 1.hours()).await.unwrap();
    assert_eq!(count(&store, "answers").await, 1);
    answers::keep_house(&store, day + (44 * 24).hours() + 1.hours()).await.unwrap();
    assert_eq!(count(&store, "answers").await, 0);
}

async fn the_days_tokens_are_spent_once_by_all_workers(database: Database) {
    let store = open(&database).await;
    let budgets: Vec<_> = (0..4).map(|_| Budget::new(store.clone(), 1_000)).collect();
    let asked = (0..20).map(|n| budgets[n % 4].reserve(100, at(0)));
    let reserved = futures_util::future::join_all(asked).await;
    assert_eq!(reserved.into_iter().filter(|r| r.as_ref().unwrap().is_some()).count(), 10);
    assert_eq!(budgets[0].spent(at(0)).await.unwrap(), 1_000);
    assert!(Budget::new(store, 99).reserve(100, at(60 * 60 * 24)).await.unwrap().is_none(), "more than a day's");
}

async fn what_a_call_did_cost_takes_the_place_of_what_was_reserved(database: Database) {
    let store = open(&database).await;
    let budget = Budget::new(store, 1_000);
    let (first, second) = (budget.reserve(600, at(0)).await.unwrap(), budget.reserve(300, at(0)).await.unwrap());
    assert!(budget.reserve(200, at(0)).await.unwrap().is_none());
    budget.settle(first.unwrap(), 150).await.unwrap();
    budget.settle(second.unwrap(), 0).await.unwrap();
    assert_eq!(budget.spent(at(0)).await.unwrap(), 150);
    assert!(budget.reserve(850, at(0)).await.unwrap().is_some());
}

async fn a_new_day_has_new_tokens(database: Database) {
    let store = open(&database).await;
    let budget = Budget::new(store.clone(), 1_000);
    let late = at(24 * 60 * 60 - 1);
    let before_midnight = budget.reserve(1_000, late).await.unwrap().unwrap();
    assert!(budget.reserve(1, late).await.unwrap().is_none());
    assert!(budget.reserve(1_000, at(24 * 60 * 60)).await.unwrap().is_some());
    // The answer came after midnight; it was the day before that paid for it.
    budget.settle(before_midnight, 400).await.unwrap();
    assert_eq!((budget.spent(late).await.unwrap(), budget.spent(at(24 * 60 * 60)).await.unwrap()), (400, 1_000));
    budget::keep_house(&store, at(0) + (46 * 24).hours()).await.unwrap();
    assert_eq!(count(&store, "tokens_spent").await, 1);
}

async fn an_event_waits_since_it_first_did(database: Database) {
    let store = open(&database).await;
    assert_eq!(waiting::since(&store, "event", at(10)).await.unwrap(), at(10));
    assert_eq!(waiting::since(&store, "event", at(50)).await.unwrap(), at(10));
    assert_eq!(waiting::since(&store, "other", at(50)).await.unwrap(), at(50));
    let mut tx = store.begin().await.unwrap();
    waiting::is_over(&mut tx, "event").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(waiting::since(&store, "event", at(60)).await.unwrap(), at(60));
    waiting::keep_house(&store, at(55) + (45 * 24).hours()).await.unwrap();
    assert_eq!(count(&store, "waiting").await, 1);
}

async fn a_model_is_known_by_its_last_articles(database: Database) {
    let store = open(&database).await;
    let record = TrackRecord::new(store.clone());
    let mut verdicts = Vec::new();
    // Four articles without a summary that passed, then twenty-four with one.
    for number in 0..28 {
        record.note(&of_article(number), &host(number), number >= 4, at(number)).await.unwrap();
        verdicts.push(record.check(&of_article(number)).await.unwrap().verdict);
    }
    let of = |range: std::ops::Range<usize>| verdicts[range].to_vec();
    assert_eq!(of(0..3), [Verdict::CannotJudge; 3]);
    assert_eq!(of(3..6), [Verdict::Fail; 3]);
    assert_eq!(of(6..28), [Verdict::Pass; 22], "it may make up for a bad beginning");
    let finding = record.check(&of_article(28)).await.unwrap();
    assert_eq!(finding.figure, Some(1.0), "what was before the last articles still counts");
    assert_eq!(record.standing(&of_article(28).model).await.unwrap(), [finding]);
    track_record::keep_house(&store, at(24) + (45 * 24).hours()).await.unwrap();
    assert_eq!(count(&store, "track_record").await, 4);
}

async fn one_source_does_not_crowd_out_the_others(database: Database) {
    let store = open(&database).await;
    let record = TrackRecord::new(store.clone());
    for number in 0..30 {
        record.note(&of_article(number), &host(number), true, at(number)).await.unwrap();
    }
    for number in 30..300 {
        record.note(&of_article(number), "evil.test", false, at(number)).await.unwrap();
    }
    let finding = record.check(&of_article(300)).await.unwrap();
    assert_eq!((finding.verdict, finding.figure), (Verdict::Pass, Some(0.75)));
    assert_eq!(count(&store, "track_record").await, 30 + 6, "what can't count is forgotten");
}

async fn workers_that_note_articles_of_one_host_do_not_wait_for_each_other_in_a_ring(database: Database) {
    const HOST: &str = "busy.example";
    let store = open(&database).await;
    let record = TrackRecord::new(store.clone());
    for round in 0..5 {
        // As many at once as there are connections; of what workers note at the same moment none sees the others'.
        let noted = (0..8).map(|number| (number, of_article(100 * round + number)));
        let known: Vec<_> = noted.collect();
        for (number, question) in &known {
            record.note(question, &host(*number), true, at(*number)).await.unwrap();
        }
        store.execute(sqlx::query("update track_record set host = $1").bind(HOST)).await.unwrap();
        let again = known.iter().map(|(number, question)| record.note(question, HOST, false, at(*number)));
        let noted: Result<Vec<()>, _> = join_all(again).await.into_iter().collect();
        noted.unwrap();
    }
    record.note(&of_article(999), HOST, true, at(999)).await.unwrap();
    assert_eq!(count(&store, "track_record").await, 6, "what can't count is forgotten");
}

async fn a_record_is_of_one_model_and_counts_an_article_once(database: Database) {
    let record = TrackRecord::new(open(&database).await);
    for _ in 0..5 {
        record.note(&of_article(1), &host(1), false, at(0)).await.unwrap();
    }
    assert_eq!(record.check(&of_article(1)).await.unwrap().verdict, Verdict::CannotJudge);
    for number in 2..5 {
        record.note(&of_article(number), &host(number), false, at(number)).await.unwrap();
    }
    let verdict = async |question: Question| record.check(&question).await.unwrap().verdict;
    assert_eq!(verdict(of_article(5)).await, Verdict::Fail);
    let english = Question { language: Language::ENGLISH, ..of_article(5) };
    assert_eq!(verdict(english.clone()).await, Verdict::Fail, "nothing speaks for it in this language yet");
    assert_eq!(verdict(Question { model: "other".into(), ..of_article(5) }).await, Verdict::CannotJudge);
    for number in 10..14 {
        let question = Question { language: Language::ENGLISH, ..of_article(number) };
        record.note(&question, &host(number), true, at(number)).await.unwrap();
    }
    assert_eq!(verdict(english).await, Verdict::Pass);
    assert_eq!(verdict(of_article(5)).await, Verdict::Fail);
}

async fn open(database: &Database) -> Store {
    Store::open(database.config(), "summarize", MIGRATIONS).await.unwrap()
}

fn host(number: i64) -> String {
    format!("{}.example", number % 7)
}

/// A time, in seconds since the beginning of a day.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(20_000 * 24 * 60 * 60 + seconds).unwrap_or_else(|e| panic!("{e}"))
}

fn question(number: u32) -> Question {
    Question {
        content_hash: "hash".into(),
        prompt_version: "zh-1".into(),
        model: "small".into(),
        language: Language::CHINESE,
        number,
    }
}

fn of_article(number: i64) -> Question {
    Question { content_hash: format!("hash-{number}"), ..question(1) }
}

fn answer(text: &str) -> Kept {
    let usage = Usage { prompt_tokens: 900, completion_tokens: 80, estimated: false };
    Kept { text: text.into(), finish: Finish::Stop, usage }
}
