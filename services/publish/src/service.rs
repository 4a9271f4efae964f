//! The service at work.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use kos_shared::{
    config::Config,
    event::Language,
    operator::Operator,
    process::Process,
    runtime::{RunError, Runtime},
    store::Store,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    comments::Comments,
    desk,
    pages::Pages,
    routes::{Site, routes},
    search,
    site::SiteInfo,
    stage::{Publishing, Withdrawing},
    state::MIGRATIONS,
    webhooks::{self, Delivering},
    websub,
};

/// Serves the site at `KOS_LISTEN`, and puts there what comes from the bus, until the process is told to stop.
///
/// # Errors
/// [`RunError`] where the address is taken, the file `KOS_WEBHOOKS` is wrong, the database can't be opened, or a loop broke.
pub async fn run(config: Config, process: Process) -> Result<(), RunError> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|e| RunError::Start(format!("KOS_LISTEN {}: {e}", config.listen)))?;
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
    let site =
        Site { info: Arc::clone(&info), pool: runtime.store().readers().clone(), comments, pages: Pages::default() };
    let desk = config.admin_token.as_ref().map(|token| {
        let operator = Operator::new(runtime.connection().clone(), "publish", &config.nats);
        desk::routes(site.clone(), operator, token)
    });
    let app = routes(site, websub::routes(runtime.connection().clone()), desk, &process);
    let stop = process.stop.clone();
    let serving = tokio::spawn(async move {
        let ended = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .await;
        if let Err(error) = ended {
            error!(service = "publish", %error, "the site is no longer served");
            stop.cancel();
        }
    });
    info!(service = "publish", listen = %config.listen, url = %info.url, "the site is served");
    runtime.handle(Publishing { site: info, webhooks: Arc::clone(&webhooks) })?;
    runtime.handle(Withdrawing)?;
    runtime.spawn(complete_search(runtime.store().clone(), runtime.context().stop.clone()));
    runtime.handle(Delivering::new(webhooks).map_err(RunError::Start)?)?;
    let ended = runtime.until_stopped().await;
    // A reader who keeps a connection open must not keep the process.
    let _open_connections = tokio::time::timeout(Duration::from_secs(2), serving).await;
    ended
}

/// Makes what search lacks, however often the database has to be asked.
async fn complete_search(store: Store, stop: CancellationToken) {
    let mut pause = Duration::from_secs(1);
    loop {
        match search::backfill::run(&store, || stop.is_cancelled()).await {
            Ok(0) => return,
            Ok(articles) => {
                info!(service = "publish", articles, "articles that came before are found by search now");
                return;
            }
            Err(error) => warn!(service = "publish", %error, "search lacks articles that came before"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(60)),
        }
    }
}
