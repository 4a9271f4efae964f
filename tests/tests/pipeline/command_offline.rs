//! What `kos` does without a server: `extract`, `summarize`, `schema`, `config`.

use std::{collections::BTreeMap, fs, path::Path};

use kos_tests::{
    command,
    pipeline::{Ended, run},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{id_of, page, plain_page};

async fn kos(arguments: &[&str], input: &str) -> Ended {
    let mut kos = command("kos", &[("KOS_NATS_URL", "nats://127.0.0.1:1")]);
    kos.args(arguments);
    run(kos, input).await
}

#[tokio::test]
async fn extract_prints_what_ingest_would_make_of_a_page() {
    let article = page(50);
    let extracted = kos(&["extract"], &article.html).await;
    assert_eq!(extracted.code, 0, "{extracted:?}");
    let json = extracted.json();
    assert_eq!(json["article_id"], id_of(&article.url).as_str());
    assert_eq!((&json["title"], &json["language"]), (&json!(article.title), &json!(article.language)));
    assert_eq!(json["revision"], 1);
    let text = json["text"].as_str().unwrap_or_default();
    assert!(article.paragraphs.iter().all(|p| text.contains(p.as_str())), "{text}");

    let unnamed = kos(&["extract"], &plain_page("No address")).await;
    assert_eq!(unnamed.code, 2, "{unnamed:?}");
    assert!(unnamed.stderr.contains("--url"), "{}", unnamed.stderr);
    let named = kos(&["extract", "--url", "https://daily.example/1"], &plain_page("No address")).await;
    assert_eq!((named.code, &named.json()["canonical_url"]), (0, &json!("https://daily.example/1")));
    let nothing = kos(&["extract", "--url", "https://daily.example/1"], "<html></html>").await;
    assert_eq!((nothing.code, nothing.stdout.as_str()), (1, ""), "{nothing:?}");
    assert!(nothing.stderr.contains("nothing readable"), "{}", nothing.stderr);
    assert_eq!(kos(&["extract", "--url", "nowhere"], "<p>x</p>").await.code, 2);
}

#[tokio::test]
async fn summarize_takes_what_extract_printed_or_any_text() {
    let article = page(52);
    let extracted = kos(&["extract"], &article.html).await.stdout;
    let summarized = kos(&["summarize", "--json"], &extracted).await;
    assert_eq!(summarized.code, 0, "{summarized:?}");
    let json = summarized.json();
    assert_eq!(json["summaries"][0]["language"], "en");
    assert_eq!(json["summaries"][0]["method"], "extractive");
    assert_eq!(json["missing"][0]["language"], "zh");

    let chinese = "渡轮恢复运行。船长说每天早晨六点开船,傍晚返回。岛民自己出钱更换了新的发动机。";
    let summarized = kos(&["summarize", "--lang", "zh", "--lang", "en", "--json"], chinese).await;
    let json = summarized.json();
    assert_eq!((&json["summaries"][0]["language"], &json["missing"][0]["language"]), (&json!("zh"), &json!("en")));
    let text = kos(&["summarize", "--lang", "zh"], chinese).await;
    assert!(text.stdout.starts_with("[zh] "), "{text:?}");
    assert_eq!(kos(&["summarize"], " \n ").await.code, 2);
    assert_eq!(kos(&["summarize"], "{\"title\": 5}").await.code, 2);
    assert_eq!(kos(&["summarize", "--lang", "not a language"], chinese).await.code, 2);
}

fn documents(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| {
        panic!("{}: {e}; `make schemas` writes the events' schemas", folder.display());
    });
    let files = entries.flatten().map(|entry| entry.path());
    let read = |file: &Path| fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    files.map(|file| (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), read(&file))).collect()
}

#[tokio::test]
async fn the_schemas_in_the_repository_are_those_of_the_types() {
    let folder = TempDir::new().unwrap();
    let written = kos(&["schema", "--write-to", &folder.path().display().to_string()], "").await;
    assert_eq!(written.code, 0, "{written:?}");
    let committed = documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/schemas"));
    let current = documents(folder.path());
    let names = |documents: &BTreeMap<String, String>| documents.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&current), "`make schemas` writes them anew");
    for (name, text) in current {
        assert!(committed[&name] == text, "deploy/schemas/{name} is not what the types say: run `make schemas`");
    }
    let one = kos(&["schema", "kos.ingest.requested"], "").await;
    assert_eq!((one.code, one.json()), (0, serde_json::from_str(&committed["kos.ingest.requested.json"]).unwrap()));
    let asyncapi = kos(&["schema"], "").await;
    assert_eq!(asyncapi.json()["asyncapi"].as_str().unwrap_or_default().split('.').next(), Some("3"));
    assert_eq!(kos(&["schema", "kos.unknown"], "").await.code, 2);
}

#[tokio::test]
async fn config_prints_where_each_value_came_from_and_hides_secrets() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("database-url");
    fs::write(&secret, "postgres://kos:geheim@db.example/kos\n").unwrap();
    fs::write(folder.path().join(".env"), "KOS_SITE_NAME=\"From a file\"\nKOS_LISTEN=127.0.0.1:9999\n").unwrap();
    let file = secret.display().to_string();
    let variables = [
        ("KOS_DATABASE_URL_FILE", file.as_str()),
        ("KOS_LISTEN", "127.0.0.1:9001"),
        ("KOS_LISTN", "x"),
        ("KOS_DATA", ""),
    ];
    let mut kos = command("kos", &variables);
    kos.args(["config", "--json"]).current_dir(folder.path());
    let printed = run(kos, "").await;
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(!format!("{}{}", printed.stdout, printed.stderr).contains("geheim"), "{printed:?}");
    let text = printed.stdout.as_str();
    for expected in ["127.0.0.1:9001", "From a file", "postgres://kos:(hidden)@db.example/kos", file.as_str()] {
        assert!(text.contains(expected), "{expected:?} is missing in {text}");
    }
    assert!(!text.contains("9999"), "the environment goes before .env: {text}");
    let _is_json: Value = printed.json();
    assert!(printed.stderr.contains("KOS_LISTN") && printed.stderr.contains("KOS_LISTEN"), "{}", printed.stderr);
}

#[tokio::test]
async fn wrong_usage_and_wrong_configuration_end_with_2() {
    for arguments in [&["fly"][..], &[], &["up", "--listen", "here"], &["ingest", "x", "--timeout-seconds", "5"]] {
        let ended = kos(arguments, "").await;
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
    }
    for program in ["kos-ingest", "kos-summarize", "kos-publish"] {
        let ended = run(command(program, &[("KOS_ACK_WAIT", "soon")]), "").await;
        assert_eq!(ended.code, 2, "{program}: {ended:?}");
        assert!(ended.stderr.contains("KOS_ACK_WAIT=soon: expected a duration"), "{program}: {}", ended.stderr);
    }
    assert_eq!(kos(&["--help"], "").await.code, 0);
    assert_eq!(kos(&["--version"], "").await.code, 0);
}
