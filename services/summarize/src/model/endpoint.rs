//! One model endpoint, and how it is asked.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kos_shared::telemetry::traces::TARGET;
use tracing::{Instrument, Span, debug_span, field::Empty};

use super::{
    Answer, CallError, MAX_ANSWER_BYTES, Outcome, Request, Settings, SetupError,
    address::Addresses,
    answer::{self, Reading},
    backoff, complaint,
    dialect::{self, Dialect, Memory},
    report::Underway,
    turn::{Turn, Turns},
    wire::{Received, Wire},
};

/// How soon to come again where a server has too much to do and doesn't say for how long: vendors count by the minute.
const UNHINTED: Duration = Duration::from_secs(30);

/// What a server, or one in front of it, says when it waited for the model in vain.
const GAVE_UP_WAITING: [u16; 3] = [408, 502, 504];

/// A model that can be asked. Cheap to clone; clones share their queue, their breaker and their connections.
#[derive(Clone)]
pub struct Endpoint(Arc<Parts>);

pub(super) struct Parts {
    settings: Settings,
    pub addresses: Addresses,
    pub wire: Wire,
    turns: Turns,
    learnt: Mutex<Learnt>,
}

/// What the server taught by its refusals.
#[derive(Debug, Default)]
struct Learnt {
    dialect: Memory,
    /// Which of the addresses is the right one.
    route: Option<usize>,
}

/// What came of asking.
#[derive(Debug)]
pub struct Asked<T> {
    /// The answer, or why there is none.
    pub result: Result<T, CallError>,
    /// How many calls gave no answer though the model may have written one, which a vendor charges for.
    pub in_vain: u32,
}

/// What one call came to.
enum Reply {
    Answer(Box<Answer>),
    Status { status: u16, message: String, retry_after: Option<Duration> },
    Broken { reason: String, timed_out: bool, asked: bool },
    TooLarge,
    Unreadable(String),
}

/// A failure that another call may mend.
struct Setback {
    reason: String,
    retry_after: Option<Duration>,
    /// Whether the server is busy rather than broken.
    busy: bool,
}

impl Endpoint {
    /// An endpoint. Nothing is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] where the key can't be sent or the machine's certificates can't be read.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(Parts {
            addresses: Addresses::of(&settings.url),
            wire: Wire::new(&settings)?,
            turns: Turns::new(&settings),
            learnt: Mutex::default(),
            settings,
        })))
    }

    /// How logs and metrics call it.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// The model that is asked for.
    pub fn model(&self) -> &str {
        &self.0.settings.model
    }

    /// The most calls at a time.
    pub fn concurrency(&self) -> usize {
        self.0.settings.concurrency
    }

    /// Whether the breaker is open (or half-open), and how many calls there may be at a time now.
    pub fn state(&self) -> (bool, usize) {
        self.0.turns.state()
    }

    /// Asks the model, once it is this call's turn.
    ///
    /// A server that says 408, 429 or 5xx, or that can't be reached, is asked up to three times; one that took too long
    /// is not asked again, as it would take as long again. A server that doesn't take structured output, or another
    /// parameter, is asked without. The future may be dropped at any time: its place goes to the next one.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn ask(&self, request: &Request<'_>) -> Result<Answer, CallError> {
        self.ask_then(request, std::future::ready).await.result
    }

    /// The same, with what `then` makes of the answer. It is this call's turn until that is done: where `then` writes the
    /// answer down, a process that is killed loses no more answers than it may ask for at a time.
    pub async fn ask_then<T, F: Future<Output = T>>(
        &self,
        request: &Request<'_>,
        then: impl FnOnce(Answer) -> F,
    ) -> Asked<T> {
        let mut in_vain = 0;
        let result = self.ask_until_answered(request, then, &mut in_vain).await;
        Asked { result, in_vain }
    }

    /// `in_vain` counts the calls that gave no answer though the model may have written one.
    async fn ask_until_answered<T, F: Future<Output = T>>(
        &self,
        request: &Request<'_>,
        then: impl FnOnce(Answer) -> F,
        in_vain: &mut u32,
    ) -> Result<T, CallError> {
        let parts = &*self.0;
        let mut dialect = parts.learnt().dialect.recall(Instant::now());
        let known_route = parts.learnt().route;
        let mut route = known_route.unwrap_or(0);
        let mut first_refusal = None;
        let mut waited = Duration::ZERO;
        let mut retries = 0;
        loop {
            let turn = parts.turns.next(&mut waited).await?;
            let setback = match parts.call(request, dialect, route).instrument(parts.traced()).await {
                Reply::Answer(answer) => {
                    parts.learn(dialect, route);
                    let made = then(*answer).await;
                    turn.answered();
                    return Ok(made);
                }
                Reply::TooLarge => {
                    *in_vain += 1;
                    turn.answered();
                    return Err(CallError::TooLarge { limit: MAX_ANSWER_BYTES });
                }
                Reply::Unreadable(reason) => {
                    *in_vain += 1;
                    turn.answered();
                    return Err(CallError::Unreadable { reason });
                }
                Reply::Broken { reason, timed_out, asked } => {
                    *in_vain += u32::from(asked);
                    turn.failed(&reason, None);
                    if timed_out {
                        return Err(parts.unavailable(reason));
                    }
                    Setback { reason, retry_after: None, busy: false }
                }
                Reply::Status { status, message, retry_after } => {
                    *in_vain += u32::from(GAVE_UP_WAITING.contains(&status));
                    if known_route.is_none() && parts.may_be_elsewhere(route, status, &message) {
                        turn.answered();
                        route += 1;
                        first_refusal = Some(CallError::Refused { status, reason: message });
                        continue;
                    }
                    if let Some(simpler) = dialect.after(request, status, &message) {
                        turn.answered();
                        dialect = simpler;
                        continue;
                    }
                    if Outcome::of_status(status) == Outcome::Refused {
                        turn.answered();
                        let refusal = CallError::Refused { status, reason: message };
                        // The address that is likely to be meant has more to say.
                        return Err(first_refusal.filter(|_| matches!(status, 404 | 405)).unwrap_or(refusal));
                    }
                    Setback::of_status(turn, status, &message, retry_after)
                }
            };
            if retries == backoff::RETRIES {
                return Err(parts.give_up(setback));
            }
            retries += 1;
            // Where that was one failure too many, waiting wouldn't help.
            parts.turns.check()?;
            let wait = backoff::delay(parts.settings.pace.backoff, retries, fastrand::f64());
            // A longer wait that the server asked for is waited by all, before the next turn.
            if setback.retry_after.is_none_or(|asked| asked < wait) {
                tokio::time::sleep(wait).await;
            }
        }
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0
    }
}

impl Setback {
    fn of_status(turn: Turn<'_>, status: u16, message: &str, retry_after: Option<Duration>) -> Self {
        let reason =
            if message.is_empty() { format!("status {status}") } else { format!("status {status}: {message}") };
        let busy = status == 429;
        if busy {
            turn.rate_limited(&reason, retry_after)
        } else {
            turn.failed(&reason, retry_after)
        }
        Self { reason, retry_after, busy }
    }
}

impl Parts {
    /// A span for one HTTP call, named by OpenTelemetry's conventions for generative models.
    fn traced(&self) -> Span {
        debug_span!(
            target: TARGET,
            "chat",
            otel.name = format!("chat {}", self.settings.model),
            otel.kind = "client",
            otel.status_code = Empty,
            gen_ai.operation.name = "chat",
            gen_ai.request.model = self.settings.model,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            server.address = self.settings.name,
            error.r#type = Empty,
        )
    }

    /// One HTTP call.
    async fn call(&self, request: &Request<'_>, dialect: Dialect, route: usize) -> Reply {
        let Settings { name, model, observer, .. } = &self.settings;
        let structured = dialect.structure && request.schema.is_some();
        let underway = Underway::begin(observer.as_ref(), name, model, structured);
        let url = &self.addresses.chat[route.min(self.addresses.chat.len() - 1)];
        let received = self.wire.post(url, dialect.body(model, request)).await;
        let took = underway.took();
        let (reply, outcome, status) = match received {
            Received::Broken { reason, timed_out, asked } => {
                let outcome = if timed_out { Outcome::TimedOut } else { Outcome::Disconnected };
                (Reply::Broken { reason, timed_out, asked }, outcome, None)
            }
            Received::TooLarge => (Reply::TooLarge, Outcome::TooLarge, Some(200)),
            Received::Whole { status, retry_after, location, body } if !(200..300).contains(&status) => {
                let message = match location {
                    Some(to) => format!("it redirects to {}, expected an address that answers itself", self.clean(&to)),
                    None => self.clean(&complaint::of_body(&body)),
                };
                (Reply::Status { status, message, retry_after }, Outcome::of_status(status), Some(status))
            }
            Received::Whole { status, retry_after, body, .. } => {
                let reply = match answer::read(&body, [request.system, request.user]) {
                    Reading::Completion { text, finish, usage, model } => {
                        Reply::Answer(Box::new(Answer { text, finish, usage, model, structured, took }))
                    }
                    Reading::Error { status: Some(status), message } => {
                        Reply::Status { status, message: self.clean(&message), retry_after }
                    }
                    Reading::Error { status: None, message } => {
                        Reply::Unreadable(format!("an error: {}", self.clean(&message)))
                    }
                    Reading::Neither(what) => Reply::Unreadable(self.clean(&what)),
                };
                let outcome = match &reply {
                    Reply::Answer(_) => Outcome::Answered,
                    Reply::Status { status, .. } => Outcome::of_status(*status),
                    _ => Outcome::Unreadable,
                };
                (reply, outcome, Some(status))
            }
        };
        let usage = if let Reply::Answer(answer) = &reply { Some(answer.usage) } else { None };
        let span = Span::current();
        if let Some(usage) = usage {
            span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
        } else {
            span.record("error.type", outcome.as_str());
            span.record("otel.status_code", "ERROR");
        }
        underway.end(outcome, status, usage);
        reply
    }

    /// What a server says, fit for logs.
    pub fn clean(&self, text: &str) -> String {
        let text = complaint::shortened(text);
        match &self.settings.api_key {
            Some(key) => complaint::without_key(&text, key.reveal()),
            None => text,
        }
    }

    /// Forgets how the server wants to be asked.
    pub fn unlearn(&self) {
        self.learnt().dialect.clear();
    }

    fn learn(&self, dialect: Dialect, route: usize) {
        let mut learnt = self.learnt();
        learnt.dialect.learn(dialect, Instant::now());
        learnt.route = Some(route);
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is another address to try where this one isn't there.
    fn may_be_elsewhere(&self, route: usize, status: u16, message: &str) -> bool {
        matches!(status, 404 | 405) && route + 1 < self.addresses.chat.len() && !dialect::is_about_model(message)
    }

    fn unavailable(&self, reason: String) -> CallError {
        let until = match self.turns.check() {
            Err(CallError::Unavailable { until, .. }) => until,
            _ => None,
        };
        CallError::Unavailable { reason, until }
    }

    fn give_up(&self, setback: Setback) -> CallError {
        let Setback { reason, retry_after, busy } = setback;
        match retry_after.or(busy.then_some(UNHINTED)) {
            Some(wait) => CallError::Busy { until: Timestamp::now() + wait, reason },
            None => self.unavailable(reason),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.0.settings).finish()
    }
}
