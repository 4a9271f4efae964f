//! What the operator's command prints where: colours on a terminal alone, a status that is drawn again and again, and
//! pipes that nobody reads.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use kos_tests::{NatsServer, Process, command, eventually, pipeline::run};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(60);

/// The same command on a terminal of its own; what it prints is what `script` prints.
fn on_a_terminal(kos: &Command) -> Command {
    let words: Vec<String> =
        std::iter::once(kos.get_program()).chain(kos.get_args()).map(|w| format!("{w:?}")).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
    for (name, value) in kos.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .current_dir(kos.get_current_dir().unwrap());
    script
}

/// A doctor who finds no server.
fn doctor() -> Command {
    let mut kos = command("kos", &[("KOS_NATS_URL", "nats://127.0.0.1:1")]);
    kos.arg("doctor");
    kos
}

#[tokio::test]
async fn colours_are_for_terminals_alone_and_for_nobody_who_wants_none() {
    let terminal = run(on_a_terminal(&doctor()), "").await;
    assert!(terminal.stdout.contains("\u{1b}[31mWRONG\u{1b}[0m"), "{terminal:?}");
    assert_eq!(terminal.code, 1, "{terminal:?}");
    let mut without = on_a_terminal(&doctor());
    without.env("NO_COLOR", "1");
    for plain in [run(doctor(), "").await, run(without, "").await] {
        assert!(plain.stdout.contains("WRONG  server  no NATS server at nats://127.0.0.1:1"), "{plain:?}");
        assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
    }
}

#[tokio::test]
async fn a_reader_who_leaves_is_no_reason_to_break() {
    let mut kos = command("kos", &[]);
    kos.arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = kos.spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.success(), "{ended:?}");
}

#[tokio::test]
async fn a_status_that_is_watched_outlives_the_server_and_ends_when_it_is_interrupted() {
    let mut server = NatsServer::start().await;
    let mut prepare = command("kos", &[("KOS_NATS_URL", &server.url())]);
    prepare.arg("prepare");
    assert_eq!(run(prepare, "").await.code, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut kos = command("kos", &[("KOS_NATS_URL", &server.url())]);
    kos.args(["status", "--watch", "200ms", "--json"]);
    let mut watch = Process::start("kos status", kos, &folder.path().join("log"));
    let last = |watch: &Process| -> Option<Value> {
        let log = watch.log();
        let whole = log.rfind('\n')?;
        serde_json::from_str(log[..whole].lines().last()?).ok()
    };
    let report = async |watch: &Process| {
        eventually(LIMIT, "a report", async || last(watch).filter(|l| l["stages"].is_array()).map(drop)).await;
    };
    report(&watch).await;
    let before = watch.log().lines().count();
    eventually(LIMIT, "another one", async || watch.log().lines().count() > before).await;
    server.kill9();
    let place = server.url();
    eventually(LIMIT, "a word about the server", async || {
        last(&watch).filter(|l| l["error"].as_str().is_some_and(|e| e.contains(&place))).map(drop)
    })
    .await;
    server.restart().await;
    report(&watch).await;
    watch.signal("INT");
    assert_eq!(watch.wait_for_exit(LIMIT).await.code(), Some(0), "{}", watch.log());
    assert!(watch.log().lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", watch.log());
}

#[tokio::test]
async fn a_status_that_is_watched_on_a_terminal_is_drawn_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut kos = command("kos", &[("KOS_NATS_URL", "nats://127.0.0.1:1")]);
    kos.args(["status", "--watch", "100ms"]);
    let mut watch = Process::start("script", on_a_terminal(&kos), &folder.path().join("log"));
    eventually(LIMIT, "the second drawing", async || watch.log().matches("\u{1b}[H").count() == 2).await;
    let log = watch.log();
    assert_eq!(log.matches("\u{1b}[2J").count(), 1, "{log:?}");
    assert!(log.contains("no NATS server at nats://127.0.0.1:1") && log.contains("trying again"), "{log:?}");
    watch.terminate();
    watch.wait_for_exit(LIMIT).await;
}

#[tokio::test]
async fn how_often_a_status_is_shown_is_a_duration() {
    let mut kos = command("kos", &[]);
    kos.args(["status", "--watch", "soon"]);
    let refused = run(kos, "").await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("--watch") && refused.stderr.contains("such as 2s"), "{refused:?}");
}
