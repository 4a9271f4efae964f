//! The statements behind politeness.

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::store::{Tx, rows, time};
use sqlx::Row;

use super::{Decision, Pace, Situation, decide};

/// How long a turn is kept for who doesn't come, after its time.
const KEPT: Duration = Duration::from_secs(2 * 60);

/// Somebody wants to fetch from a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// The host.
    pub host: String,
    /// What is wanted; who asks again for the same gets the turn that was reserved for it.
    pub what: String,
    /// Names the fetch while it is under way; new with each.
    pub turn_id: String,
    /// How the host is treated.
    pub pace: Pace,
    /// Whether it is willing to wait for a connection that comes free.
    pub patient: bool,
    /// Whether it has begun with an earlier request, and until when it waits in place.
    pub begun: Option<Timestamp>,
    /// How long the fetch may take; the turn is free after that even if nobody leaves.
    pub lease: Duration,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// The fetch may begin, and is under way until [`leave`].
    Now,
    /// To be asked again then.
    Wait(Timestamp),
    /// To be asked again when another fetch is over.
    Busy,
}

/// Asks for a turn.
///
/// In PostgreSQL the host's row is locked until the transaction ends, so those who ask in one transaction for several
/// hosts must do so in the order of their names.
///
/// # Errors
/// The database fails.
pub async fn enter(tx: &mut Tx, asking: &Asking, now: Timestamp) -> Result<Entered, sqlx::Error> {
    let now_ms = now.as_millisecond();
    // Changes nothing where the host is known, but locks its row.
    let host = sqlx::query(
        "insert into hosts (host, last_at_ms, next_at_ms) values ($1, 0, 0) \
         on conflict (host) do update set host = excluded.host returning last_at_ms, next_at_ms, left_alone_until_ms",
    );
    let host = host.bind(&asking.host).fetch_one(&mut **tx).await?;
    // Who waits in place comes back under its own name, and not to a turn that somebody else has for the same.
    let what = if asking.begun.is_some() { &asking.turn_id } else { &asking.what };
    let waiting_id = format!("{} {what}", asking.host);
    let turns = sqlx::query(
        "select entered, at_ms from host_turns \
         where host = $1 and expires_at_ms > $2 and (entered = 1 or turn_id = $3)",
    );
    let turns = turns.bind(&asking.host).bind(now_ms).bind(&waiting_id).fetch_all(&mut **tx).await?;
    let mut situation = Situation {
        last_at: time(&host, "last_at_ms")?,
        next_at: time(&host, "next_at_ms")?,
        under_way: 0,
        reserved: None,
        patient: asking.patient,
        begun: asking.begun,
        left_alone_until: time(&host, "left_alone_until_ms")?,
    };
    for turn in &turns {
        match turn.try_get::<i64, _>("entered")? {
            0 => situation.reserved = Some(time(turn, "at_ms")?),
            _ => situation.under_way += 1,
        }
    }

    let (last_at, next_at, counts, entered) = match decide(situation, asking.pace, now) {
        Decision::Wait(until) => {
            // Others went ahead; who comes when it is told to keeps its place.
            if situation.reserved.is_some_and(|at| at < until) {
                let sql = "update host_turns set expires_at_ms = $1 where turn_id = $2";
                let expires_at_ms = (until + KEPT).as_millisecond();
                sqlx::query(sql).bind(expires_at_ms).bind(waiting_id).execute(&mut **tx).await?;
            }
            return Ok(Entered::Wait(until));
        }
        Decision::Busy => return Ok(Entered::Busy),
        Decision::Reserve { at, next_at } => {
            put(tx, &waiting_id, &asking.host, 0, at, at + KEPT).await?;
            (situation.last_at, next_at, true, Entered::Wait(at))
        }
        Decision::GoAhead { at } => {
            put(tx, &waiting_id, &asking.host, 0, at, at + KEPT).await?;
            (at, situation.next_at, true, Entered::Wait(at))
        }
        Decision::Enter { next_at } => {
            put(tx, &asking.turn_id, &asking.host, 1, now, now + asking.lease).await?;
            if situation.reserved.is_some() {
                leave(tx, &[waiting_id]).await?;
            }
            // Others may have a turn ahead of the line after this one.
            (now.max(situation.last_at), next_at, !asking.pace.delay.is_zero(), Entered::Now)
        }
    };
    if counts {
        sqlx::query("update hosts set last_at_ms = $1, next_at_ms = $2 where host = $3")
            .bind(last_at.as_millisecond())
            .bind(next_at.as_millisecond())
            .bind(&asking.host)
            .execute(&mut **tx)
            .await?;
    }
    Ok(entered)
}

/// Has everybody leave a host alone until then; never for less long than somebody said before.
///
/// # Errors
/// The database fails.
pub async fn leave_alone(tx: &mut Tx, host: &str, until: Timestamp) -> Result<(), sqlx::Error> {
    let sql = "insert into hosts (host, last_at_ms, next_at_ms, left_alone_until_ms) values ($1, 0, 0, $2) \
               on conflict (host) do update set left_alone_until_ms = excluded.left_alone_until_ms \
               where hosts.left_alone_until_ms < excluded.left_alone_until_ms";
    sqlx::query(sql).bind(host.to_owned()).bind(until.as_millisecond()).execute(&mut **tx).await?;
    Ok(())
}

async fn put(
    tx: &mut Tx,
    turn_id: &str,
    host: &str,
    entered: i64,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let sql = "insert into host_turns (turn_id, host, entered, at_ms, expires_at_ms) values ($1, $2, $3, $4, $5) \
               on conflict (turn_id) do update set at_ms = excluded.at_ms, expires_at_ms = excluded.expires_at_ms";
    let query = sqlx::query(sql).bind(turn_id.to_owned()).bind(host.to_owned()).bind(entered);
    query.bind(at.as_millisecond()).bind(expires_at.as_millisecond()).execute(&mut **tx).await?;
    Ok(())
}

/// Says that these fetches are over.
///
/// # Errors
/// The database fails.
pub async fn leave(tx: &mut Tx, turn_ids: &[String]) -> Result<(), sqlx::Error> {
    for ids in turn_ids.chunks(rows::MOST_VALUES) {
        let sql = format!("delete from host_turns where turn_id in {}", rows::list(1, ids.len()));
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for id in ids {
            query = query.bind(id);
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Forgets what expired, and hosts that nobody asked for since `before`.
///
/// # Errors
/// The database fails.
pub async fn forget(tx: &mut Tx, now: Timestamp, before: Timestamp) -> Result<(), sqlx::Error> {
    let expired = "delete from host_turns where expires_at_ms <= $1";
    sqlx::query(expired).bind(now.as_millisecond()).execute(&mut **tx).await?;
    let quiet = "delete from hosts where next_at_ms < $1 and last_at_ms < $1 and left_alone_until_ms < $2";
    let quiet = sqlx::query(quiet).bind(before.as_millisecond()).bind(now.as_millisecond());
    quiet.execute(&mut **tx).await?;
    Ok(())
}
