//! What is counted: documented, there, and all that the dashboard and the alerts ask for.

use std::{collections::BTreeSet, env, process::Command};

use kos_tests::{Articles, Pipeline};
use serde_json::json;

/// Where each crate documents what it counts.
const DOCUMENTS: [&str; 4] = [
    include_str!("../../shared/src/metrics.rs"),
    include_str!("../../services/ingest/src/metrics.rs"),
    include_str!("../../services/summarize/src/metrics.rs"),
    include_str!("../../services/publish/src/metrics.rs"),
];

/// What asks for metrics.
const READERS: [(&str, &str); 2] = [
    ("the dashboard", include_str!("../../deploy/observe/pipeline.json")),
    ("the alerts", include_str!("../../deploy/observe/alerts.yaml")),
];

/// The names in the first column of the tables.
fn documented() -> BTreeSet<&'static str> {
    let rows = DOCUMENTS.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_prefix("//! | `kos_"));
    rows.map(|row| row.split('`').next().unwrap_or_default()).collect()
}

/// All names of metrics of ours in a text, without what a histogram appends.
fn named(text: &str) -> BTreeSet<&str> {
    let names = text.match_indices("kos_").filter(|(start, _)| !text[..*start].ends_with(['/', '`', '_']));
    let names = names.map(|(start, _)| {
        let name = &text[start + "kos_".len()..];
        let name = &name[..name.find(|c: char| c != '_' && !c.is_ascii_lowercase()).unwrap_or(name.len())];
        ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name)
    });
    names.collect()
}

#[test]
fn every_metric_is_documented_where_it_is_made() {
    for text in DOCUMENTS {
        let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `kos_"));
        let documented: BTreeSet<_> =
            rows.map(|row| row.split('`').next().unwrap().trim_end_matches("_total")).collect();
        let made = text.split("register(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert_eq!(made.collect::<BTreeSet<_>>(), documented);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_show_what_is_documented_and_nothing_else() {
    let mut pipeline = Pipeline::start().await;
    let page = Articles::new(7).page(0);
    let event = json!({"url": page.url, "html": page.html});
    pipeline.publish("kos.ingest.requested", event.to_string()).await;
    pipeline.wait_until_idle().await;
    let documented = documented();
    for replica in pipeline.replicas() {
        let text = replica.metrics().await;
        let shown: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE kos_")).collect();
        assert!(shown.len() > 5, "{text}");
        for metric in shown {
            let (name, kind) = metric.split_once(' ').unwrap();
            let name = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
            assert!(documented.contains(&*name), "{name} is documented nowhere");
        }
    }
}

#[test]
fn dashboard_and_alerts_ask_for_nothing_that_is_not_there() {
    let documented = documented();
    for (who, text) in READERS {
        let asked = named(text);
        assert!(asked.len() > 5, "{who} asks for {asked:?}");
        let unknown: Vec<_> = asked.difference(&documented).collect();
        assert!(unknown.is_empty(), "{who} asks for {unknown:?}");
    }
}

#[test]
fn each_alert_fires_when_it_is_to() {
    let promtool = env::var_os("KOS_PROMTOOL").filter(|program| !program.is_empty());
    let promtool = promtool.expect("run `make test`, or set KOS_PROMTOOL to what deploy/install/promtool.sh prints");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for arguments in
        [["check", "config", "deploy/observe/prometheus.yaml"], ["test", "rules", "tests/alerts.test.yaml"]]
    {
        let ended = Command::new(&promtool).args(arguments).current_dir(root).output().unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
    let rules = READERS[1].1.matches("- alert: ").count();
    let fired = include_str!("../alerts.test.yaml").matches(", value: 1 }").count();
    assert_eq!(fired, rules, "there is an alert that never fires in the test");
}
