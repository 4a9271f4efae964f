//! Doing something again and again until something else is done.

use std::{convert::Infallible, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

/// What `work` comes to. Until then `repeated` is done every `period`, the first time after one.
///
/// Both are polled side by side, so that each may wait for a lock that the other holds. In a loop around `select!`,
/// where the work stands still while the body of another branch runs, they would wait for each other for ever.
pub async fn meanwhile<T, F: Future<Output = ()>>(
    period: Duration,
    repeated: impl FnMut() -> F,
    work: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        done = work => done,
        never = repeat(period, repeated) => match never {},
    }
}

async fn repeat<F: Future<Output = ()>>(period: Duration, mut repeated: impl FnMut() -> F) -> Infallible {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        repeated().await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::{
        sync::Mutex,
        time::{sleep, timeout},
    };

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_repeats_until_the_work_is_done() {
        let mut times = 0;
        let repeated = || {
            times += 1;
            ready(())
        };
        let done = meanwhile(SECOND, repeated, async {
            sleep(SECOND * 7 / 2).await;
            "done"
        });
        assert_eq!(done.await, "done");
        assert_eq!(times, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_repeated_may_wait_for_the_work() {
        let lock = Mutex::new(0);
        let work = async {
            let mut locked = lock.lock().await;
            sleep(SECOND * 3 / 2).await;
            *locked += 1;
        };
        let repeated = || async { drop(lock.lock().await) };
        timeout(SECOND * 60, meanwhile(SECOND, repeated, work)).await.unwrap();
    }
}
