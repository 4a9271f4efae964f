//! Asks hubs to tell of feeds, and again before that lapses.
//!
//! Every ingest worker does so, and none leads: who asks a hub has noted it before, in one transaction.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use kos_shared::{bus::Bus, event::HttpUrl, stage::Context};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::{Hub, LEASE, state};
use crate::fetch::{FetchError, Fetcher, Remedy};

/// How often hubs that are to be asked are looked for.
const EVERY: Duration = Duration::from_secs(2);

/// How many hubs are asked at once, and how many are claimed to be.
const AT_ONCE: usize = 4;
const CLAIMED: usize = 20;

/// How often a hub's turn is waited for.
const TURNS: usize = 20;

/// Asks hubs until the process is told to stop. They are to speak to the site at `site`.
pub async fn run<B: Bus>(context: Context<B>, fetcher: Fetcher, site: HttpUrl) {
    let asking = async {
        loop {
            match claim(&context, Timestamp::now()).await {
                Ok(hubs) => {
                    stream::iter(hubs).for_each_concurrent(AT_ONCE, |hub| ask(&context, &fetcher, &site, hub)).await
                }
                Err(error) => warn!(%error, "hubs could not be looked up"),
            }
            sleep(EVERY).await;
        }
    };
    // What is asked when the process ends is asked again later.
    tokio::select! {
        () = context.stop.cancelled() => {}
        () = asking => {}
    }
}

async fn claim<B: Bus>(context: &Context<B>, now: Timestamp) -> Result<Vec<Hub>, sqlx::Error> {
    // Most of the time there is nobody to ask, and SQLite has one writer.
    if !state::is_any_due(context.store.readers(), now).await? {
        return Ok(Vec::new());
    }
    let mut tx = context.store.begin().await?;
    let hubs = state::claim(&mut tx, context.store.dialect(), now, CLAIMED).await?;
    tx.commit().await?;
    Ok(hubs)
}

async fn ask<B: Bus>(context: &Context<B>, fetcher: &Fetcher, site: &HttpUrl, hub: Hub) {
    match subscribe(fetcher, site, &hub).await {
        // It is in force once the hub has asked back.
        Ok(()) => debug!(feed_id = hub.feed_id, hub = %hub.offer.hub, "a hub was asked to tell of a feed"),
        Err(error) => {
            warn!(feed_id = hub.feed_id, hub = %hub.offer.hub, %error, "a hub could not be asked to tell of a feed");
            let noted = async {
                let mut tx = context.store.begin().await?;
                state::failed(&mut tx, &hub.feed_id, &error.to_string()).await?;
                tx.commit().await
            };
            if let Err(error) = noted.await {
                warn!(feed_id = hub.feed_id, %error, "a hub's failure could not be noted");
            }
        }
    }
}

/// Sends a subscription request (section 5.1).
async fn subscribe(fetcher: &Fetcher, site: &HttpUrl, hub: &Hub) -> Result<(), FetchError> {
    let callback = format!("{}{}", site.as_str().trim_end_matches('/'), hub.callback());
    let lease = LEASE.as_secs().to_string();
    let form = [
        ("hub.mode", "subscribe"),
        ("hub.topic", hub.offer.topic.as_str()),
        ("hub.callback", &callback),
        ("hub.secret", &hub.secret),
        ("hub.lease_seconds", &lease),
    ];
    for _ in 1..TURNS {
        let asked = fetcher.post_form(&hub.offer.hub, &form).await.map(drop);
        match asked.as_ref().map_err(FetchError::remedy) {
            Err(Remedy::NotBefore(turn)) => {
                sleep(Duration::try_from(turn.duration_since(Timestamp::now())).unwrap_or_default()).await;
            }
            _ => return asked,
        }
    }
    fetcher.post_form(&hub.offer.hub, &form).await.map(drop)
}
