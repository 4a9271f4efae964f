//! How processes run: as nobody, from the images that are built here, with time to finish.

use std::{fs, time::Duration};

use kos_shared::config::{Config, Environment};
use serde_json::Value;

use crate::{Pod, VALUES, array, of_kind, overlays, text, values};

fn deploy(file: &str) -> String {
    fs::read_to_string(format!("{}/../deploy/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What the restricted profile of Kubernetes asks of a container, and that it says what it needs.
fn asks_for_little(what: &str, container: &Value) {
    for (setting, value) in [
        ("/securityContext/readOnlyRootFilesystem", Value::Bool(true)),
        ("/securityContext/allowPrivilegeEscalation", Value::Bool(false)),
        ("/securityContext/capabilities/drop/0", "ALL".into()),
    ] {
        assert_eq!(container.pointer(setting), Some(&value), "{what}: {setting}");
    }
    for resource in ["/resources/requests/cpu", "/resources/requests/memory", "/resources/limits/memory"] {
        assert!(container.pointer(resource).is_some(), "{what}: {resource}");
    }
}

#[test]
fn all_run_as_nobody_on_a_file_system_that_they_cannot_write_to() {
    let dockerfile = deploy("Dockerfile");
    for (overlay, objects) in overlays().1 {
        for pod in Pod::all(&objects) {
            let what = format!("{overlay}: {}", pod.of);
            let security = &pod.spec["securityContext"];
            assert_eq!(security["runAsNonRoot"], true, "{what}");
            assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{what}");
            assert_eq!(pod.spec["automountServiceAccountToken"], false, "{what}");
            // The schemas take any word here.
            let restart = pod.of.contains("Job").then(|| "Never".into());
            assert_eq!(pod.spec.get("restartPolicy"), restart.as_ref(), "{what}");
            for container in pod.containers() {
                asks_for_little(&what, container);
                if text(&container["image"]).contains("knowledge-os/") {
                    let user = format!("USER {}:{}\n", security["runAsUser"], security["runAsGroup"]);
                    assert!(dockerfile.contains(&user), "{what}: the images have no {user}");
                }
            }
        }
    }
}

#[test]
fn images_are_those_that_are_built_here_and_those_of_the_compose_file() {
    let (script, compose, dockerfile) = (deploy("images.sh"), deploy("compose.yaml"), deploy("Dockerfile"));
    let targets = script.lines().find_map(|line| line.strip_prefix("for target in ")?.strip_suffix("; do")).unwrap();
    let is_of_compose = |image: &str| compose.contains(&format!(":-{image}}}"));
    let (manifests, all) = overlays();
    for (overlay, objects) in all {
        for container in Pod::all(&objects).iter().flat_map(Pod::containers) {
            let image = text(&container["image"]);
            let Some((_, target)) = image.split_once("knowledge-os/") else {
                assert!(is_of_compose(image), "{overlay}: {image}");
                continue;
            };
            let target = target.split(':').next().unwrap();
            assert!(targets.split(' ').any(|t| t == target), "{overlay}: {image} isn't built");
            let stage = dockerfile.split("\nFROM ").find(|stage| stage.starts_with(&format!("base AS {target}\n")));
            for port in array(&container["ports"]) {
                let exposed = format!("EXPOSE {}\n", port["containerPort"]);
                assert!(stage.unwrap().contains(&exposed), "{overlay}: {image} has no {exposed}");
            }
        }
    }
    let tag = values(&manifests)["container"]["image"]["tag"].take();
    assert!(is_of_compose(&format!("nats:{}", text(&tag))), "{VALUES}: {tag}");
}

#[test]
fn a_new_version_takes_the_place_of_an_old_one_that_had_time_to_finish() {
    for (overlay, objects) in overlays().1 {
        let settings = of_kind(&objects, "ConfigMap").find(|map| map["data"].get("KOS_LOG").is_some()).unwrap();
        let settings =
            settings["data"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value).into()));
        // Of what a container is told by itself, that which is no secret.
        let publish =
            of_kind(&objects, "Deployment").find(|deployment| deployment["metadata"]["name"] == "publish").unwrap();
        let own = array(&publish["spec"]["template"]["spec"]["containers"][0]["env"]);
        let own = own.filter(|variable| variable["name"] == "KOS_DRAIN");
        let own = own.map(|variable| (text(&variable["name"]).into(), text(&variable["value"]).into()));
        let config = Config::read(&Environment::of(settings.chain(own)).unwrap(), "publish").unwrap();
        // The endpoints of a Service are up to date everywhere by then.
        assert!(config.serving.drain >= Duration::from_secs(10), "{overlay}: {:?}", config.serving.drain);
        for deployment in of_kind(&objects, "Deployment") {
            let what = format!("{overlay}: {}", crate::name(deployment));
            assert_eq!(deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0, "{what}");
            // KEDA says how many; a number here would undo it at each update.
            assert!(deployment["spec"].get("replicas").is_none(), "{what}");
            let spec = &deployment["spec"]["template"]["spec"];
            let seconds = |path: &str| spec.pointer(path).and_then(Value::as_u64).unwrap_or(0);
            let given = seconds("/terminationGracePeriodSeconds");
            // With what it sends last, and the answers to readers.
            let needed = config.worker.grace + Duration::from_secs(5);
            assert!(Duration::from_secs(given) >= needed, "{what}: {given} s, {needed:?}");
        }
    }
}

#[test]
fn each_service_is_asked_whether_it_lives_and_whether_it_can_work() {
    for (overlay, objects) in overlays().1 {
        for deployment in of_kind(&objects, "Deployment") {
            let what = format!("{overlay}: {}", crate::name(deployment));
            let container = &deployment["spec"]["template"]["spec"]["containers"][0];
            let asked = |probe: &str| text(&container[probe]["httpGet"]["path"]).to_owned();
            assert_eq!(asked("livenessProbe"), "/healthz", "{what}");
            // A bus that is gone takes no site from its readers.
            let (start, ready) = match text(&deployment["metadata"]["name"]) {
                "publish" => ("/readyz", "/api/v1/articles?limit=1"),
                _ => ("/healthz", "/readyz"),
            };
            assert_eq!((asked("startupProbe").as_str(), asked("readinessProbe").as_str()), (start, ready), "{what}");
            for probe in ["livenessProbe", "startupProbe", "readinessProbe"] {
                assert_eq!(container[probe]["httpGet"]["port"], container["ports"][0]["name"], "{what}: {probe}");
            }
        }
    }
}
