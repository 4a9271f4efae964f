//! Ports that stay ours while nobody listens on them.

use std::{
    fmt, fs,
    fs::File,
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

/// Below the range from which the kernel takes ports for outgoing connections: a client that keeps
/// trying to reach a server that is down could otherwise be given the very port that it tries, and
/// connect to itself.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// A port of 127.0.0.1 that no other test takes as long as this value lives.
///
/// Binding port 0 and letting it go would do until a server is killed: before it is back, another test
/// may have been given its port. So a port is held by a locked file, which the kernel unlocks when
/// the test's process ends, however it ends.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// A port that is free.
    ///
    /// # Panics
    /// After 1,000 ports that weren't.
    pub fn free() -> Self {
        let folder = folder();
        let start = RandomState::new().hash_one(std::process::id()) as u16;
        for step in 0..1_000 {
            let number = FIRST + start.wrapping_add(step) % COUNT;
            let file = folder.join(number.to_string());
            let lock = File::create(&file).unwrap_or_else(|e| panic!("can't write {}: {e}", file.display()));
            if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Self { number, _lock: lock };
            }
        }
        panic!("no free port among 1,000 from {FIRST} on");
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Where to listen.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// Where the locked files are; each user has a folder, as nobody can lock another one's files.
fn folder() -> PathBuf {
    let user = std::env::var("USER").unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("kos-tests-ports-{user}"));
    fs::create_dir_all(&folder).unwrap_or_else(|e| panic!("can't make {}: {e}", folder.display()));
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_to_one_at_a_time() {
        let held: Vec<Port> = (0..50).map(|_| Port::free()).collect();
        let mut numbers: Vec<u16> = held.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), held.len());
    }
}
