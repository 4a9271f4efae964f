//! What `deploy/kubernetes` gives a cluster: valid, without secrets, and about the same things as the code. There is no cluster
//! here: what its API server, its network and KEDA make of it isn't tried.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod names;
mod pods;
mod scaling;

use std::collections::BTreeSet;

use kos_tests::Manifests;
use serde_json::Value;

const OVERLAYS: [&str; 2] = ["kubernetes/overlays/single", "kubernetes/overlays/production"];

/// The values of the NATS project's Helm chart.
const VALUES: &str = "kubernetes/nats-values.yaml";

/// The oldest version that has all that is asked for, and the newest whose schemas are here.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];

/// Each overlay with all that can be switched on, as manifests.
fn overlays() -> (Manifests, Vec<(&'static str, Vec<Value>)>) {
    let manifests = Manifests::copy();
    let built = OVERLAYS.map(|overlay| {
        manifests.replace(&format!("{overlay}/kustomization.yaml"), "# - ../../components/", "- ../../components/");
        (overlay, manifests.check(&manifests.build(overlay), &[]).objects)
    });
    (manifests, built.into())
}

fn values(manifests: &Manifests) -> Value {
    manifests.check(&manifests.text(VALUES), &[]).objects.swap_remove(0)
}

/// A pod of an object, as `of` wants it.
struct Pod<'a> {
    of: String,
    object: &'a Value,
    labels: &'a Value,
    spec: &'a Value,
}

impl<'a> Pod<'a> {
    fn all(objects: &'a [Value]) -> Vec<Self> {
        let all = objects.iter().filter_map(|object| {
            let of_jobs = object.pointer("/spec/jobTemplate/spec/template");
            let template = of_jobs.or_else(|| object.pointer("/spec/template"))?;
            Some(Self { of: name(object), object, labels: &template["metadata"]["labels"], spec: &template["spec"] })
        });
        all.collect()
    }

    fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        array(&self.spec["containers"])
    }
}

fn name(object: &Value) -> String {
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn of_kind<'a>(objects: &'a [Value], kind: &'static str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

#[test]
fn each_overlay_is_what_kubernetes_takes() {
    let (with_all, _) = overlays();
    for copy in [with_all, Manifests::copy()] {
        for overlay in OVERLAYS {
            let checked = copy.check(&copy.build(overlay), &VERSIONS);
            assert!(checked.wrong.is_empty(), "{overlay}: {:#?}", checked.wrong);
            let kinds: BTreeSet<_> = checked.objects.iter().map(|object| text(&object["kind"])).collect();
            for kind in ["Deployment", "Job", "NetworkPolicy", "PodDisruptionBudget", "Service"] {
                assert!(kinds.contains(kind), "{overlay} has no {kind}");
            }
        }
    }
}

#[test]
fn what_kubernetes_does_not_know_is_found() {
    let manifests = Manifests::copy();
    manifests.replace("kubernetes/base/ingest.yaml", "failureThreshold: 60", "failureThresholds: 60");
    manifests.replace("kubernetes/base/publish.yaml", "maxUnavailable: 1", "maxUnavailable: [1]");
    let wrong = manifests.check(&manifests.build(OVERLAYS[0]), &VERSIONS[1..]).wrong;
    assert_eq!(wrong.len(), 2, "{wrong:#?}");
    for what in ["failureThresholds", "maxUnavailable"] {
        assert!(wrong.iter().any(|wrong| wrong.contains(what)), "{wrong:#?}");
    }
}
