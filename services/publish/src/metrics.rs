//! What the publish service counts beside the worker loop, named by the conventions of Prometheus.
//!
//! | metric | labels | what |
//! | --- | --- | --- |
//! | `kos_http_requests_total` | route, status | requests that were answered, by the pattern of their address and the class of the status (`2xx`, `3xx`, …) |
//! | `kos_http_request_seconds` | route | from a request's head to its answer's |
//!
//! An address that is none of the site's has the route `none`: strangers make no labels.

use std::time::{Duration, Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use kos_shared::metrics::{Durations, Metrics, seconds};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// The metrics. Clones share them.
#[derive(Debug, Clone)]
pub struct SiteMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Durations<RouteLabels>,
}

impl SiteMetrics {
    /// Metrics that `/metrics` of the process shows.
    pub fn registered(metrics: &Metrics) -> Self {
        let own = Self { requests: Family::default(), seconds: Family::new_with_constructor(seconds) };
        metrics.register("http_requests", "Requests that were answered", own.requests.clone());
        metrics.register("http_request_seconds", "From a request's head to its answer's", own.seconds.clone());
        own
    }

    fn answered(&self, route: String, status: StatusCode, took: Duration) {
        self.requests.get_or_create(&RequestLabels { route: route.clone(), status: class(status) }).inc();
        self.seconds.get_or_create(&RouteLabels { route }).observe(took.as_secs_f64());
    }
}

/// Counts and times the requests of the routes below it.
pub async fn count(State(metrics): State<SiteMetrics>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    metrics.answered(route, response.status(), began.elapsed());
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_their_route_and_the_class_of_their_status() {
        let process = Metrics::default();
        let own = SiteMetrics::registered(&process);
        for status in [StatusCode::OK, StatusCode::OK, StatusCode::GONE] {
            own.answered("/articles/{id}".into(), status, Duration::from_millis(3));
        }
        let text = process.text();
        for line in [
            r#"kos_http_requests_total{route="/articles/{id}",status="2xx"} 2"#,
            r#"kos_http_requests_total{route="/articles/{id}",status="4xx"} 1"#,
            r#"kos_http_request_seconds_count{route="/articles/{id}"} 3"#,
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
