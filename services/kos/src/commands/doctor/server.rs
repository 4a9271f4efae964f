//! Whether there is a server that can be worked with.

use async_nats::jetstream::context::AccountErrorKind;
use kos_shared::operator::{Operator, OperatorError};

use super::{Finding, bad, good};
use crate::{output::bytes, up::nats_server::LARGEST_EVENT};

/// What to do about a server that can't be connected to.
pub fn unreachable(error: &OperatorError) -> Finding {
    let remedy = match error {
        OperatorError::Refused(_) => {
            "`export KOS_NATS_URL=nats://kos:PASSWORD@HOST:4222` with the user and password that the server's configuration \
             has, or KOS_NATS_CREDS_FILE=FILE"
        }
        OperatorError::NoServer(_) => {
            "`kos up` starts one with all services; or start yours, and `export KOS_NATS_URL=nats://HOST:4222`"
        }
        _ => "see `kos config` for what is in force, and where it came from",
    };
    bad("server", error.to_string(), remedy)
}

/// The server that is connected.
pub async fn server(operator: &Operator) -> Finding {
    let info = operator.client().server_info();
    let version = format!("version {}", info.version);
    if operator.too_old_server().is_some() {
        return bad(
            "server",
            format!("{version} is too old: it knows no atomic batches"),
            "install nats-server 2.12 or later (https://github.com/nats-io/nats-server/releases), and start it on the \
             same files",
        );
    }
    if !info.jetstream {
        let remedy = "start it with a `jetstream { store_dir: … }` block in its configuration, or with `-js`";
        return bad("server", format!("{version}, and JetStream is off"), remedy);
    }
    match operator.jetstream().query_account().await {
        Ok(_) => good("server", format!("{version}, events up to {}", bytes(info.max_payload as u64))),
        Err(error) => match error.kind() {
            AccountErrorKind::TimedOut => bad(
                "server",
                "it answers this user no question about streams",
                "name a user that may ask in KOS_NATS_URL, such as `kos` of deploy/nats/accounts.conf; if it may, see \
                 the server's log",
            ),
            _ => bad(
                "server",
                error.to_string(),
                "enable JetStream for this account: `jetstream: enabled` in its configuration",
            ),
        },
    }
}

/// Whether it takes whatever the services publish; nothing where it does.
pub fn largest_event(operator: &Operator) -> Option<Finding> {
    let limit = operator.client().server_info().max_payload;
    let limit_is_low = limit < LARGEST_EVENT;
    limit_is_low.then(|| {
        let (limit, needed) = (bytes(limit as u64), bytes(LARGEST_EVENT as u64));
        bad(
            "largest event",
            format!("the server takes {limit}, and an article may have up to {needed}: it waits in the outbox then"),
            "set `max_payload: 8MB` in the server's configuration, then `nats-server --signal reload`",
        )
    })
}
