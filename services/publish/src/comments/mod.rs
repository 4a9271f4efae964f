//! What readers say about articles: taken by forms that work without scripts, shown once they are approved.
//!
//! [`draft`] says what may be said, [`text`] cleans it, [`keys`] signs forms and cookies, [`limits`] counts over all
//! replicas, [`state`] writes comments, their counts and `kos.comment.posted` in one transaction. [`pages`] and [`api`] are
//! the addresses; what they answer is rendered in [`site::comments`](crate::site::comments).
//!
//! Nothing of a comment is logged, and of an address only a keyed hash is kept.

pub mod api;
pub mod comment;
pub mod draft;
pub mod keys;
pub mod limits;
pub mod pages;
pub mod state;
pub mod text;

use std::sync::Arc;

use axum::{Router, routing::get};
use jiff::Timestamp;
use kos_shared::{
    config::{self, Config, ConfigError, Secret},
    runtime::{RunError, Runtime},
    store::Store,
};
use tokio::sync::Notify;

use crate::{client_address::TrustedProxies, routes::Site};

pub use comment::{Comment, Cursor, State};
pub use keys::{COOKIE as AUTHOR_COOKIE, KeyError, Keys};
pub use pages::section;
pub use state::{Decided, approve, counts, queue, reject};

/// What comments need beside the site.
#[derive(Debug, Clone)]
pub struct Comments {
    /// The database that they are written to.
    pub store: Store,
    /// Wakes the relay.
    pub outbox: Arc<Notify>,
    /// What signs forms and cookies.
    pub keys: Keys,
    /// What becomes of them.
    pub mode: config::Comments,
    /// Whose word about addresses is taken.
    pub trusted: TrustedProxies,
    /// What the operator shows to be let in.
    pub admin_token: Option<Secret>,
}

impl Comments {
    /// What comments need, as configured, and their housekeeping.
    ///
    /// # Errors
    /// [`RunError`] where `KOS_TRUSTED_PROXIES` or the key in the database can't be read.
    pub async fn start<'c>(config: &'c Config, runtime: &'c Runtime) -> Result<Self, RunError> {
        let trusted = config.trusted_proxies.parse().map_err(|_| ConfigError {
            variable: "KOS_TRUSTED_PROXIES".into(),
            value: config.trusted_proxies.clone(),
            expected: "networks such as 10.0.0.0/8 or fd00::/8 separated by commas".into(),
        })?;
        let store = runtime.store().clone();
        let keys = Keys::load(&store).await.map_err(|e| RunError::Start(e.to_string()))?;
        runtime
            .keep_house("counters of comments", |store| async move { limits::forget(&store, Timestamp::now()).await });
        Ok(Self {
            store,
            outbox: Arc::clone(&runtime.context().outbox),
            keys,
            mode: config.comments,
            trusted,
            admin_token: config.admin_token.clone(),
        })
    }

    /// No comments, on a site that no operator looks after.
    ///
    /// # Errors
    /// [`KeyError`] where the key in the database can't be read.
    pub async fn off(store: &Store) -> Result<Self, KeyError> {
        Ok(Self {
            store: store.clone(),
            outbox: Arc::default(),
            keys: Keys::load(store).await?,
            mode: config::Comments::Off,
            trusted: TrustedProxies::default(),
            admin_token: None,
        })
    }

    /// Whether readers see a comment without anybody's approval.
    pub fn is_open(&self) -> bool {
        self.mode == config::Comments::Open
    }

    /// Whether there are comments at all.
    pub fn is_off(&self) -> bool {
        self.mode == config::Comments::Off
    }
}

/// The addresses of comments.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/articles/{id}/comments", get(pages::form).post(pages::post))
        .route("/articles/{id}/comments/{comment}/edit", get(pages::edit_form).post(pages::edit))
        .route("/articles/{id}/comments/{comment}/delete", get(pages::delete_form).post(pages::delete))
        .route("/comments.atom", get(pages::feed))
}
