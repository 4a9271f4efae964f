//! The server whose streams are copied or brought back: one that is named, the one of a `kos up` that runs, or else one
//! that is started for this on the files of `kos up`.

use std::net::SocketAddr;

use kos_shared::{
    config::{Config, DatabaseConfig, Environment, Secret},
    operator::Operator,
};

use crate::up::{lock_data, nats_server::NatsServer};

/// A server that is connected.
pub struct Server {
    /// The connection.
    pub operator: Operator,
    own: Option<NatsServer>,
    _data_is_ours: Option<std::fs::File>,
}

impl Server {
    /// Finds or starts it.
    pub async fn find(environment: &Environment, mut config: Config, listen: SocketAddr) -> anyhow::Result<Self> {
        if environment.is_set("KOS_NATS_URL") {
            return Self::connected(&config, None, None).await;
        }
        if let Ok(lock) = lock_data(&config.data) {
            return Self::start(environment, config, listen, lock).await;
        }
        // A `kos up` runs here: its own configuration says where its server listens, and another one may have the usual address.
        if let Some(url) = NatsServer::url_in(&config.data) {
            config.nats.url = Secret::new(url);
        }
        Self::connected(&config, None, None).await
    }

    /// Finds or starts it where nobody else may work on the data. With PostgreSQL and a server that is named, nothing of it is
    /// on this machine, and nothing is locked.
    pub async fn find_for_us_alone(
        environment: &Environment,
        config: Config,
        listen: SocketAddr,
    ) -> anyhow::Result<Self> {
        let is_named = environment.is_set("KOS_NATS_URL");
        if is_named && matches!(config.database, DatabaseConfig::Postgres(_)) {
            return Self::connected(&config, None, None).await;
        }
        let lock = lock_data(&config.data)?;
        match is_named {
            true => Self::connected(&config, None, Some(lock)).await,
            false => Self::start(environment, config, listen, lock).await,
        }
    }

    async fn start(
        environment: &Environment,
        mut config: Config,
        listen: SocketAddr,
        lock: std::fs::File,
    ) -> anyhow::Result<Self> {
        let program = environment.get("KOS_NATS_SERVER").unwrap_or("nats-server");
        let own = NatsServer::start(program, listen, &config.data).await?;
        config.nats.url = Secret::new(own.url());
        Self::connected(&config, Some(own), Some(lock)).await
    }

    async fn connected(config: &Config, own: Option<NatsServer>, lock: Option<std::fs::File>) -> anyhow::Result<Self> {
        match Operator::connect(&config.nats).await {
            Ok(operator) => Ok(Self { operator, own, _data_is_ours: lock }),
            Err(error) => {
                if let Some(own) = own {
                    own.stop().await;
                }
                Err(error.into())
            }
        }
    }

    /// Stops it, where it was started for this.
    pub async fn leave(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}
