//! Several NATS servers that keep copies of the same streams.

use std::time::Duration;

use async_nats::jetstream;
use futures_util::future::join_all;

use crate::{NatsConfig, NatsServer, Port, eventually};

/// How long an election, or a server that has to catch up, may take.
const LIMIT: Duration = Duration::from_secs(60);

/// NATS servers of the test's own on this machine: one, or several that form a cluster.
#[derive(Debug)]
pub struct NatsCluster {
    servers: Vec<NatsServer>,
    _routes: Vec<Port>,
}

impl NatsCluster {
    /// Starts so many servers, and waits until JetStream answers at each.
    ///
    /// # Panics
    /// When there is no server on this machine, or one isn't ready in time.
    pub async fn start(servers: usize, config: &NatsConfig) -> Self {
        if servers == 1 {
            return Self { servers: vec![NatsServer::start_with(config.clone()).await], _routes: Vec::new() };
        }
        let routes: Vec<Port> = (0..servers).map(|_| Port::free()).collect();
        let known: Vec<String> = routes.iter().map(|port| format!("\"nats://{}\"", port.address())).collect();
        let started = routes.iter().map(|route| {
            let cluster = format!(
                "cluster {{\nname: kos-tests-{}\nlisten: \"{}\"\nroutes: [{}]\n}}\n{}",
                routes[0],
                route.address(),
                known.join(", "),
                config.server
            );
            NatsServer::spawn(&NatsConfig { server: cluster, ..config.clone() }, Port::free())
        });
        let mut cluster = Self { servers: started.collect(), _routes: routes };
        // JetStream answers once there is a majority.
        join_all(cluster.servers.iter_mut().map(NatsServer::wait_until_ready)).await;
        cluster
    }

    /// How many servers there are.
    pub fn size(&self) -> usize {
        self.servers.len()
    }

    /// Where clients connect: all addresses, separated by commas.
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// Where the first server answers `/varz` and `/jsz`.
    pub fn monitor_url(&self) -> String {
        self.servers[0].monitor_url()
    }

    /// The first server.
    pub fn first(&mut self) -> &mut NatsServer {
        &mut self.servers[0]
    }

    /// The server of that name.
    ///
    /// # Panics
    /// When there is none.
    pub fn server(&mut self, name: &str) -> &mut NatsServer {
        let found = self.servers.iter_mut().find(|server| server.name() == name);
        found.unwrap_or_else(|| panic!("no server is called {name}"))
    }

    /// The name of a server that isn't the one of this name.
    ///
    /// # Panics
    /// When there is no other.
    pub fn other_than(&self, name: &str) -> String {
        let other = self.servers.iter().map(NatsServer::name).find(|other| *other != name);
        other.unwrap_or_else(|| panic!("no server but {name}")).to_owned()
    }

    /// A client that knows all servers, and is back soon after one of them is.
    ///
    /// # Panics
    /// When none runs.
    pub async fn connect(&self) -> async_nats::Client {
        let addresses: Result<Vec<async_nats::ServerAddr>, _> = self.servers.iter().map(|s| s.url().parse()).collect();
        let addresses = addresses.unwrap_or_else(|e| panic!("{}: {e}", self.url()));
        let options = async_nats::ConnectOptions::new().reconnect_delay_callback(|_| Duration::from_millis(20));
        options.connect(addresses).await.unwrap_or_else(|e| panic!("can't connect to {}: {e}", self.url()))
    }
}

/// The name of the server that leads a stream.
///
/// # Panics
/// When none does within a minute.
pub async fn stream_leader(client: &async_nats::Client, stream: &str) -> String {
    eventually(LIMIT, &format!("a leader of {stream}"), async || {
        let mut stream = jetstream::new(client.clone()).get_stream(stream).await.map_err(|e| e.to_string())?;
        let info = stream.info().await.map_err(|e| e.to_string())?;
        info.cluster.as_ref().and_then(|c| c.leader.clone()).ok_or_else(|| "no leader".to_owned())
    })
    .await
}

/// Waits until every copy of these streams is there and has all that the leader has.
///
/// # Panics
/// When that takes more than a minute.
pub async fn all_copies_are_current(client: &async_nats::Client, streams: &[&str], copies: usize) {
    for stream in streams {
        eventually(LIMIT, &format!("{copies} copies of {stream}"), async || {
            let mut stream = jetstream::new(client.clone()).get_stream(stream).await.map_err(|e| e.to_string())?;
            let info = stream.info().await.map_err(|e| e.to_string())?;
            let others = info.cluster.as_ref().map(|c| c.replicas.as_slice()).unwrap_or_default();
            let current = others.iter().filter(|peer| peer.current && !peer.offline).count() + 1;
            if current == copies { Ok(()) } else { Err(format!("{current} copies: {others:?}")) }
        })
        .await;
    }
}
