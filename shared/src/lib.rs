//! What all services of Knowledge OS stand on: the envelope and the payloads of events, the bus, the store, and the
//! one worker loop. It knows nothing of pages, summaries or sites.
//!
//! Start reading at [`stage`]: a service is a [`stage::Stage`] or two, and everything else here makes the promise
//! that delivery is at least once and effects on state are once. Then [`event`] for what travels, [`bus`] and
//! [`store`] for what it stands on, and [`runtime`] for how a service starts and ends.

pub mod address;
pub mod bus;
pub mod config;
pub mod control;
pub mod crypto;
pub mod disk;
pub mod event;
pub mod health;
mod http_get;
pub mod journal;
pub mod metrics;
pub mod networks;
pub mod operator;
pub mod process;
pub mod retraction;
pub mod retry_after;
pub mod runtime;
pub mod serve;
pub mod stage;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod websub;
