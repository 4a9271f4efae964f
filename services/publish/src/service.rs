//! The service at work.

use std::{sync::Arc, time::Duration};

use axum::Router;
use kos_shared::{
    config::Config,
    event::Language,
    operator::Operator,
    process::{Process, listen},
    runtime::{RunError, Runtime},
    serve::{Limits, serve},
    stage::RecordError,
    store::Store,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    comments::Comments,
    guard::Guard,
    lists::{self, Languages, live::Live},
    page_states::PageStates,
    pages::Pages,
    routes::{Site, SiteParts, routes},
    search::{self, Searches},
    site::SiteInfo,
    stage::{Publishing, Withdrawing},
    state::MIGRATIONS,
    webhooks::{self, Delivering},
    websub,
};

/// How long the last answers may take when no more requests are taken.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Serves the site at `KOS_LISTEN`, and puts there what comes from the bus, until the process is told to stop.
///
/// # Errors
/// [`RunError`] where the address is taken, the file `KOS_WEBHOOKS` is wrong, the database can't be opened, or a loop broke.
pub async fn run(config: Config, process: Process) -> Result<(), RunError> {
    let listener = listen("KOS_LISTEN", config.listen).await.map_err(RunError::Start)?;
    run_on(listener, config, process).await
}

/// The same, at an address that is held already.
///
/// # Errors
/// [`RunError`] where the database can't be opened, or a loop broke.
pub async fn run_on(listener: TcpListener, config: Config, process: Process) -> Result<(), RunError> {
    let info = Arc::new(SiteInfo {
        name: config.site_name.clone(),
        url: config.site_url.clone(),
        language: config.languages.first().cloned().unwrap_or(Language::ENGLISH),
    });
    let webhooks = Arc::new(webhooks::read(&config)?);
    let mut runtime = Runtime::start("publish", &config, MIGRATIONS, &process).await?;
    runtime.serves_site(info.url.as_str());
    let comments = Arc::new(Comments::start(&config, &runtime).await?);
    let pool = runtime.store().readers().clone();
    let live = Live::new(config.serving.listeners, process.stop.clone());
    runtime.spawn(live.clone().run(pool.clone()));
    let searches = Searches::of(&pool);
    let page_states = PageStates::of(pool.clone());
    let site = Site::from(SiteParts {
        info: Arc::clone(&info),
        pool,
        comments,
        live,
        page_states,
        pages: Pages::default(),
        languages: Languages::default(),
        searches,
    });
    let bus = Operator::new(runtime.connection().clone(), "publish", &config.nats);
    let guard = Guard::new(&config.site_url, config.listen.ip(), &config.serving.hosts);
    let app = guard.over(routes(site, websub::routes(runtime.connection().clone()), Some(bus), &process));
    let limits = Limits { drain: config.serving.drain, ..Limits::of(config.serving.connections) };
    // As one of the loops: what it is asked while others stop still finds its database, and what comes of it is sent.
    runtime.spawn(serve_until_stopped(listener, app, limits, process.stop.clone()));
    info!(service = "publish", listen = %config.listen, url = %info.url, "the site is served");
    runtime.handle(Publishing { site: info, webhooks: Arc::clone(&webhooks) })?;
    runtime.handle(Withdrawing)?;
    runtime.handle(Delivering::new(webhooks).map_err(RunError::Start)?)?;
    runtime.spawn(complete(runtime.store().clone(), runtime.context().stop.clone()));
    runtime.until_stopped().await
}

/// Serves until some time after the stop. A reader who keeps a connection open must not keep the process.
async fn serve_until_stopped(listener: TcpListener, app: Router, limits: Limits, stop: CancellationToken) {
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(limits.drain + LAST_ANSWERS).await;
    };
    tokio::select! {
        () = serve(listener, app, limits, stop.clone()) => {}
        () = too_late => {}
    }
}

/// Makes what lists and search lack of articles that came before this version, however often the database has to be
/// asked.
async fn complete(store: Store, stop: CancellationToken) {
    let mut pause = Duration::from_secs(1);
    loop {
        let made = async {
            let listed = lists::backfill::run(&store, || stop.is_cancelled()).await?;
            Ok::<_, RecordError>((listed, search::backfill::run(&store, || stop.is_cancelled()).await?))
        };
        match made.await {
            Ok((0, 0)) => return,
            Ok((listed, found)) => {
                return info!(
                    service = "publish",
                    listed, found, "lists and search have the articles that came before"
                );
            }
            Err(error) => warn!(service = "publish", %error, "lists or search lack articles that came before"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(60)),
        }
    }
}
