//! Traces: one from the producer's event to the page, sent to an OpenTelemetry collector (OTLP over HTTP) where
//! `OTEL_EXPORTER_OTLP_ENDPOINT` names one.
//!
//! Spans are named and attributed by OpenTelemetry's semantic conventions for messaging. What a worker does with an event
//! is a span below the one that the event's `traceparent` names; the events that come of it name that span in theirs.
//! What the outbox and the bus do has no code of ours around it, so [`sent`] and [`process`] tell of it afterwards.
//! Spans that exist for traces alone have the target [`TARGET`], which keeps them out of the logs.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider},
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfig, BatchSpanProcessor, SdkTracerProvider, Span as SdkSpan, SpanData, SpanExporter as Exporter,
        SpanProcessor,
    },
};
use tokio::runtime::Runtime;
use tracing::{Level, Metadata, Span, Subscriber, debug_span, field::Empty, info, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{
    crypto,
    event::{Attributes, Outgoing, TraceContext, header},
};

/// The target of spans that exist for traces alone.
pub const TARGET: &str = "kos_trace";

/// How long a collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the last spans may take at the end of a process.
const FAREWELL: Duration = Duration::from_secs(3);

static EXPORT: OnceLock<Export> = OnceLock::new();

/// Where spans go.
struct Export {
    provider: SdkTracerProvider,
    processor: Arc<BatchSpanProcessor>,
}

/// Starts sending spans to the collector at `endpoint`, a base address, as those of `service`. What the standard
/// variables `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_*` and
/// `OTEL_EXPORTER_OTLP_HEADERS` say goes before.
///
/// # Errors
/// Why nothing can be sent, in a few words.
pub(super) fn export<S>(endpoint: &str, service: &str) -> Result<impl Layer<S> + use<S>, String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_http_client(Client::new()?)
        .build()
        .map_err(|e| e.to_string())?;
    let resource = Resource::builder();
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => resource,
        None => resource.with_service_name(service.to_owned()),
    };
    let resource = resource.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))).build();
    let exporter = Telling { exporter, fails: AtomicBool::new(false) };
    let mut processor = BatchSpanProcessor::new(exporter, BatchConfig::default());
    processor.set_resource(&resource);
    let processor = Arc::new(processor);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(Shared(Arc::clone(&processor)))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("knowledge-os");
    // A second start in one process, as tests have it, keeps the first.
    let _already_started = EXPORT.set(Export { provider, processor });
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    Ok(layer.with_filter(filter_fn(is_traced)))
}

/// Spans made for traces, and the lines that are logged within.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    if metadata.is_span() { metadata.target() == TARGET } else { *metadata.level() <= Level::INFO }
}

/// Whether there is a collector that spans go to.
pub fn are_exported() -> bool {
    EXPORT.get().is_some()
}

/// Sends the spans that wait. Nothing is sent after that.
pub(super) fn end() {
    if let Some(export) = EXPORT.get()
        && let Err(error) = export.provider.shutdown_with_timeout(FAREWELL)
    {
        warn!(%error, "the last spans could not be sent");
    }
}

/// A span for what `service` does with an event that was stored on the bus at `stored_at`. In its `attributes` the trace
/// context becomes that span's, so that what comes of the event hangs below. The first delivery of an event that came
/// without a trace is the beginning of one.
///
/// Without a collector there is no span, and nothing changes.
pub fn process(service: &'static str, attributes: &mut Attributes, stored_at: Timestamp, is_first: bool) -> Span {
    let Some(export) = EXPORT.get() else { return Span::none() };
    let (event_type, parent) = (attributes.event_type.as_str(), attributes.trace);
    if is_first && parent == TraceContext::of_event(&attributes.id) {
        export.tell(Told {
            name: format!("publish {event_type}"),
            kind: SpanKind::Producer,
            context: span_context(parent),
            parent: SpanId::INVALID,
            begun_at: stored_at,
            destination: event_type.to_owned(),
            message_id: attributes.id.as_str().to_owned(),
        });
    }
    let span = debug_span!(
        target: TARGET,
        "process",
        otel.name = format!("process {event_type}"),
        otel.kind = "consumer",
        otel.status_code = Empty,
        otel.status_description = Empty,
        service,
        messaging.system = "nats",
        messaging.operation.type = "process",
        messaging.destination.name = event_type,
        messaging.message.id = attributes.id.as_str(),
    );
    let below = Context::new().with_remote_span_context(span_context(parent));
    if span.set_parent(below).is_ok() {
        let context = span.context();
        let own = context.span().span_context().clone();
        attributes.trace = TraceContext {
            trace_id: u128::from_be_bytes(own.trace_id().to_bytes()),
            span_id: u64::from_be_bytes(own.span_id().to_bytes()),
            flags: own.trace_flags().to_u8(),
        };
    }
    span
}

/// A span for a request over HTTP to `host`; `status` in it is for [`answered`] to say.
pub fn request(method: &'static str, host: &str) -> Span {
    debug_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {host}"),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method,
        http.response.status_code = Empty,
        server.address = host,
    )
}

/// Notes the status that the request of the current span was answered with.
pub fn answered(status: u16) {
    let span = Span::current();
    span.record("http.response.status_code", status);
    if status >= 400 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Marks a span of [`process`] as failed.
pub fn failed(span: &Span, reason: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", reason);
}

/// Tells that an event which waited in the outbox since `since` was taken by the bus.
pub fn sent(event: &Outgoing, since: Timestamp) {
    let Some(export) = EXPORT.get() else { return };
    let trace = header(&event.headers, "traceparent").and_then(|trace| trace.parse::<TraceContext>().ok());
    let Some(trace) = trace else { return };
    let parent = span_context(trace);
    let context = SpanContext::new(
        parent.trace_id(),
        SpanId::from_bytes(fastrand::u64(1..).to_be_bytes()),
        parent.trace_flags(),
        false,
        TraceState::NONE,
    );
    export.tell(Told {
        name: format!("send {}", event.subject),
        kind: SpanKind::Producer,
        context,
        parent: parent.span_id(),
        begun_at: since,
        destination: event.subject.clone(),
        message_id: event.id.as_str().to_owned(),
    });
}

/// A span that is over when it is told of.
struct Told {
    name: String,
    kind: SpanKind,
    context: SpanContext,
    parent: SpanId,
    begun_at: Timestamp,
    destination: String,
    message_id: String,
}

impl Export {
    fn tell(&self, told: Told) {
        if !told.context.is_sampled() {
            return;
        }
        let end_time = SystemTime::now();
        let waited = Timestamp::now().duration_since(told.begun_at);
        let waited = Duration::try_from(waited).unwrap_or_default();
        self.processor.on_end(SpanData {
            span_context: told.context,
            parent_span_id: told.parent,
            parent_span_is_remote: false,
            span_kind: told.kind,
            name: Cow::Owned(told.name),
            start_time: end_time.checked_sub(waited).unwrap_or(end_time),
            end_time,
            attributes: vec![
                KeyValue::new("messaging.system", "nats"),
                KeyValue::new("messaging.operation.type", "send"),
                KeyValue::new("messaging.destination.name", told.destination),
                KeyValue::new("messaging.message.id", told.message_id),
            ],
            dropped_attributes_count: 0,
            events: Default::default(),
            links: Default::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder("knowledge-os").build(),
        });
    }
}

fn span_context(trace: TraceContext) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(trace.trace_id.to_be_bytes()),
        SpanId::from_bytes(trace.span_id.to_be_bytes()),
        TraceFlags::new(trace.flags),
        true,
        TraceState::NONE,
    )
}

/// One processor for the SDK's spans and those that are told of.
#[derive(Debug)]
struct Shared(Arc<BatchSpanProcessor>);

impl SpanProcessor for Shared {
    fn on_start(&self, span: &mut SdkSpan, context: &Context) {
        self.0.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.0.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }
}

/// Says in the log when spans begin to get lost, and when they arrive again.
#[derive(Debug)]
struct Telling<E> {
    exporter: E,
    fails: AtomicBool,
}

impl<E: Exporter> Exporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        match (&exported, self.fails.swap(exported.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => warn!(%error, "spans are lost: the collector can't be reached or refuses them"),
            (Ok(()), true) => info!("spans reach the collector again"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Speaks HTTP for the SDK, whose thread has no runtime of its own.
struct Client {
    client: reqwest::Client,
    runtime: Runtime,
}

impl Client {
    fn new() -> Result<Self, String> {
        crypto::install_provider();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|e| e.to_string())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("traces")
            .enable_all()
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Self { client, runtime })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.client).finish()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move {
            let response = client.execute(request.try_into()?).await?;
            let answer = http::Response::builder().status(response.status());
            Ok::<_, HttpError>(answer.body(response.bytes().await?)?)
        });
        sending.await?
    }
}
