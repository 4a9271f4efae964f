//! What refers to something means something that is there: variables, Secrets, settings, labels, users on NATS.

use std::collections::{BTreeMap, BTreeSet};

use kos_shared::config::variables::variable;
use kos_tests::{Manifests, USERS, inbox_prefix};
use serde_json::{Value, json};
use url::Url;

use crate::{Pod, array, name, of_kind, overlays, text, values};

/// Where a pod's Secret is.
const MOUNTED: &str = "/run/secrets/kos/";

/// What `secrets.sh` makes: the keys of each Secret.
fn secrets(manifests: &Manifests) -> BTreeMap<String, BTreeSet<String>> {
    let file = manifests.path("some-file");
    std::fs::write(&file, "something\n").unwrap();
    let file = file.to_str().unwrap();
    manifests.run("secrets.sh", &[]);
    let printed = manifests.run("kubernetes/secrets.sh", &[("DESK", "on"), ("LLM_API_KEY", file), ("WEBHOOKS", file)]);
    let checked = manifests.check(&printed, &crate::VERSIONS);
    assert!(checked.wrong.is_empty(), "{:#?}", checked.wrong);
    let keys = |secret: &Value| secret["data"].as_object().unwrap().keys().cloned().collect();
    checked.objects.iter().map(|secret| (text(&secret["metadata"]["name"]).to_owned(), keys(secret))).collect()
}

/// The Secrets that a pod names, with the keys that it wants of them.
fn wanted(pod: &Pod<'_>) -> Vec<(String, Vec<String>)> {
    let keys = |items: &Value| array(items).map(|item| text(&item["key"]).to_owned()).collect::<Vec<_>>();
    let mut wanted = Vec::new();
    for volume in array(&pod.spec["volumes"]) {
        if let Some(secret) = volume.get("secret") {
            wanted.push((text(&secret["secretName"]).to_owned(), keys(&secret["items"])));
        }
        for source in array(&volume["projected"]["sources"]).filter_map(|source| source.get("secret")) {
            wanted.push((text(&source["name"]).to_owned(), keys(&source["items"])));
        }
    }
    let own = wanted.first().map(|(secret, _)| secret.clone());
    for variable in pod.containers().flat_map(|container| array(&container["env"])) {
        if let Some(key) = variable["value"].as_str().and_then(|value| value.strip_prefix(MOUNTED)) {
            wanted.push((own.clone().unwrap(), vec![key.to_owned()]));
        }
        if let Some(key) = variable.pointer("/valueFrom/secretKeyRef") {
            wanted.push((text(&key["name"]).to_owned(), vec![text(&key["key"]).to_owned()]));
        }
    }
    wanted
}

#[test]
fn every_secret_that_is_named_is_made_by_the_script_and_none_is_in_a_manifest() {
    let (manifests, all) = overlays();
    let made = secrets(&manifests);
    for (overlay, objects) in all {
        assert_eq!(of_kind(&objects, "Secret").count(), 0, "{overlay}");
        for pod in Pod::all(&objects) {
            for (secret, keys) in wanted(&pod) {
                let what = format!("{overlay}: {} wants {secret} {keys:?}", pod.of);
                assert!(made.get(&secret).is_some_and(|made| keys.iter().all(|key| made.contains(key))), "{what}");
            }
        }
        for map in of_kind(&objects, "ConfigMap") {
            for (file, content) in map["data"].as_object().unwrap() {
                let is_secret = text(content).contains("://") && text(content).contains('@');
                assert!(!is_secret, "{overlay}: {} has an address with a login in {file}", name(map));
                assert!(variable(file).is_none_or(|variable| !variable.secret), "{overlay}: {file} is for a Secret");
            }
        }
    }
}

#[test]
fn every_variable_is_one_that_the_services_know() {
    for (overlay, objects) in overlays().1 {
        let is_known = |name: &str| variable(name.strip_suffix("_FILE").unwrap_or(name)).is_some();
        for pod in Pod::all(&objects) {
            for container in pod.containers().filter(|c| text(&c["image"]).contains("knowledge-os/")) {
                for variable in array(&container["env"]) {
                    assert!(is_known(text(&variable["name"])), "{overlay}: {}: {variable}", pod.of);
                }
                let from = array(&container["envFrom"]).map(|from| text(&from["configMapRef"]["name"]));
                for settings in from {
                    let mut maps = of_kind(&objects, "ConfigMap").filter(|map| map["metadata"]["name"] == settings);
                    for name in maps.next().unwrap()["data"].as_object().unwrap().keys() {
                        assert!(is_known(name), "{overlay}: {settings}: {name}");
                    }
                }
            }
        }
    }
}

#[test]
fn each_process_has_the_user_and_the_inbox_that_nats_gives_it() {
    for (overlay, objects) in overlays().1 {
        let mut processes = 0;
        for pod in Pod::all(&objects) {
            for container in pod.containers().filter(|c| text(&c["image"]).contains("knowledge-os/")) {
                let image = text(&container["image"]).rsplit('/').next().unwrap().split(':').next().unwrap();
                assert!(USERS.contains(&image), "{overlay}: {}", pod.of);
                let mut of = array(&container["env"]).filter(|variable| variable["name"] == "KOS_NATS_INBOX_PREFIX");
                assert_eq!(text(&of.next().unwrap()["value"]), inbox_prefix(image), "{overlay}: {}", pod.of);
                assert_eq!(wanted(&pod)[0].0, image, "{overlay}: {}", pod.of);
                processes += 1;
            }
        }
        assert_eq!(processes, 5, "{overlay}");
    }
}

#[test]
fn every_file_of_settings_that_is_named_is_there() {
    let (manifests, all) = overlays();
    let chart = values(&manifests)["podTemplate"]["patch"][0]["value"].take();
    assert!(array(&chart["projected"]["sources"]).any(|source| source["secret"]["name"] == "nats"), "{chart}");
    for (overlay, objects) in all {
        let maps: Vec<_> = of_kind(&objects, "ConfigMap").map(|map| text(&map["metadata"]["name"])).collect();
        let pods = Pod::all(&objects);
        let volumes = pods.iter().flat_map(|pod| array(&pod.spec["volumes"])).chain([&chart]);
        let sources = volumes.flat_map(|volume| array(&volume["projected"]["sources"]).chain([volume]));
        let from_variables = pods.iter().flat_map(Pod::containers).flat_map(|container| array(&container["envFrom"]));
        let mut named: Vec<_> = sources.filter_map(|source| source.pointer("/configMap/name")).collect();
        named.extend(from_variables.map(|from| &from["configMapRef"]["name"]));
        assert!(named.len() > 5, "{overlay}: {named:?}");
        for name in named {
            assert!(maps.contains(&text(name)), "{overlay}: there is no ConfigMap {name}, but {maps:?}");
        }
    }
}

#[test]
fn readers_are_let_in_under_the_name_that_the_site_has() {
    let (_, all) = overlays();
    let objects = &all.iter().find(|(overlay, _)| overlay.ends_with("production")).unwrap().1;
    let url = of_kind(objects, "ConfigMap").find_map(|map| map["data"].get("KOS_SITE_URL")).unwrap();
    let host = Url::parse(text(url)).unwrap().host_str().unwrap().to_owned();
    let ingress = of_kind(objects, "Ingress").next().unwrap();
    for path in ["/spec/rules/0/host", "/spec/tls/0/hosts/0"] {
        assert_eq!(text(ingress.pointer(path).unwrap()), host, "{path}");
    }
    let service = ingress.pointer("/spec/rules/0/http/paths/0/backend/service").unwrap();
    let behind = of_kind(objects, "Service").find(|other| other["metadata"]["name"] == service["name"]).unwrap();
    assert_eq!(behind["spec"]["ports"][0]["name"], service["port"]["name"]);
}

/// Whether what a selector asks for stands among the labels.
fn selects(selector: &Value, labels: &Value) -> bool {
    let all = selector.get("matchLabels").unwrap_or(selector).as_object().unwrap();
    let any = array(&selector["matchExpressions"]);
    all.iter().filter(|(key, _)| *key != "matchExpressions").all(|(key, value)| &labels[key] == value)
        && any.into_iter().all(|e| array(&e["values"]).any(|value| *value == labels[text(&e["key"])]))
}

#[test]
fn services_budgets_and_network_policies_are_about_pods_that_are_there() {
    // As the chart has it.
    let nats = json!({"app.kubernetes.io/name": "nats"});
    for (overlay, objects) in overlays().1 {
        let pods = Pod::all(&objects);
        let mut labels: Vec<_> = pods.iter().map(|pod| pod.labels).collect();
        labels.push(&nats);
        for (kind, path) in [
            ("Service", "/spec/selector"),
            ("PodDisruptionBudget", "/spec/selector"),
            ("NetworkPolicy", "/spec/podSelector"),
        ] {
            for object in of_kind(&objects, kind) {
                let selector = object.pointer(path).unwrap();
                assert!(labels.iter().any(|labels| selects(selector, labels)), "{overlay}: {}", name(object));
            }
        }
        let refuses_all = |policy: &Value| {
            let spec = &policy["spec"];
            *spec == json!({"podSelector": {}, "policyTypes": spec["policyTypes"]})
                && spec["policyTypes"] == json!(["Ingress", "Egress"])
        };
        assert!(of_kind(&objects, "NetworkPolicy").any(refuses_all), "{overlay}: what no policy allows is allowed");
        for pod in &pods {
            let Some(selector) = pod.object["spec"].get("selector") else { continue };
            assert!(selects(selector, pod.labels), "{overlay}: {} doesn't select its pods", pod.of);
        }
    }
}
