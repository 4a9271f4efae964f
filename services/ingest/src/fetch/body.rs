//! The bytes of an answer: decompressed, and counted before and after, so that neither an endless answer nor one that
//! unpacks to a gigabyte takes more than its limit.

use std::{io, pin::Pin, time::Duration};

use async_compression::{
    tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use kos_shared::event::HttpUrl;
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, HeaderMap},
};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt},
    time::timeout,
};
use tokio_util::io::StreamReader;

use super::{FetchError, Kind, Limits, Room, budget::Budget, idle, room::Rooms};

/// What is offered to servers, best first.
pub(super) const ACCEPTED: &str = "gzip, br, zstd, deflate";

/// From this size on a body counts as big, in bytes.
pub(super) const BIG: usize = 1024 * 1024;

/// A big body that comes more slowly than this, in bytes a second, is not waited for: others wait for its room.
const LEAST_RATE: f64 = 32_768.0;

/// Room to read the end into, in bytes.
const SPARE: usize = 128;

/// For so long it may.
const SLOW: Duration = Duration::from_secs(5);

/// The largest window of a zstd frame, as a power of two: 8 MB, as RFC 9659 has it.
const ZSTD_WINDOW: u32 = 23;

/// How an answer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
    Deflate,
}

/// More came over the line than the limit.
#[derive(Debug, thiserror::Error)]
#[error("longer than the limit")]
struct TooLong;

/// The body of `url`'s answer, within its kind's limit as it travels and once it is decompressed, and the room that it
/// takes of `rooms`. Waiting for that takes nothing of the `budget`.
pub(super) async fn read(
    url: &HttpUrl,
    kind: Kind,
    coding: Coding,
    response: Response,
    limits: &Limits,
    rooms: &Rooms,
    budget: &mut Budget,
) -> Result<(Bytes, Room), FetchError> {
    let limit = limits.bytes(kind);
    let too_large = || FetchError::TooLarge { url: url.to_string(), limit };
    // The beginning of a robots.txt is better than none (RFC 9309 section 2.5).
    let cut = kind == Kind::Robots;
    if !cut && response.content_length().is_some_and(|l| l > limit as u64) {
        return Err(too_large());
    }
    let mut left = limit;
    let counted = response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        left = match left.checked_sub(chunk.len()) {
            Some(left) => left,
            None if cut => return Ok(chunk),
            None => return Err(io::Error::other(TooLong)),
        };
        Ok::<_, io::Error>(chunk)
    });
    let mut raw = StreamReader::new(Box::pin(counted));
    let mut body = Body { url, limits, limit, rooms, budget, bytes: BytesMut::new(), room: Room::default() };
    loop {
        let Some(decoder) = body.decoder(coding, &mut raw).await? else { break };
        body.fill(decoder).await?;
        if body.bytes.len() > limit || coding != Coding::Gzip {
            break;
        }
    }
    let Body { mut bytes, room, .. } = body;
    if cut {
        bytes.truncate(limit);
    } else if bytes.len() > limit {
        return Err(too_large());
    }
    Ok((bytes.freeze(), room))
}

/// A body that is being read.
struct Body<'a> {
    url: &'a HttpUrl,
    limits: &'a Limits,
    limit: usize,
    rooms: &'a Rooms,
    budget: &'a mut Budget,
    bytes: BytesMut,
    room: Room,
}

impl Body<'_> {
    /// What decodes what comes next; `None` where nothing does. A gzip file may have several members (RFC 1952 section
    /// 2.2), and what comes after them without being one is left, as browsers do.
    async fn decoder<'r>(
        &mut self,
        coding: Coding,
        raw: &'r mut (impl AsyncBufRead + Unpin + Send),
    ) -> Result<Option<Decoded<'r>>, FetchError> {
        if coding == Coding::Identity {
            return Ok(Some(Box::pin(raw)));
        }
        let reading = timeout(self.limits.idle, raw.fill_buf());
        let start = self.budget.spend(self.url, reading).await?.map_err(|_| idle(self.url, self.limits))?;
        let start = start.map_err(|e| self.failed(&e))?;
        let member = matches!(start, [0x1f] | [0x1f, 0x8b, ..]);
        // Nothing is nothing in any coding.
        if start.is_empty() || (coding == Coding::Gzip && !self.bytes.is_empty() && !member) {
            return Ok(None);
        }
        // Some mean the bare format by "deflate", most what the standard means, which is zlib's (RFC 1950 section 2.2).
        let zlib = start[0] & 0x0f == 8
            && start.get(1).is_none_or(|flags| (u16::from(start[0]) << 8 | u16::from(*flags)) % 31 == 0);
        Ok(Some(decoder(coding, zlib, raw)))
    }

    /// Takes in what comes of `reader`, up to one byte more than the limit.
    async fn fill(&mut self, reader: impl AsyncRead + Unpin) -> Result<(), FetchError> {
        let mut reader = reader.take((self.limit + 1).saturating_sub(self.bytes.len()) as u64);
        let (mut big_for, mut big_from) = (Duration::ZERO, 0);
        loop {
            let is_big = !self.room.is_none();
            // A big one that drips must not keep others waiting for its room.
            let patience = if is_big { SLOW.min(self.limits.idle) } else { self.limits.idle };
            let reading = async {
                let started = tokio::time::Instant::now();
                let read = timeout(patience, reader.read_buf(&mut self.bytes)).await;
                (read, started.elapsed())
            };
            let (read, took) = self.budget.spend(self.url, reading).await?;
            let slow = || FetchError::Timeout { url: self.url.to_string(), reason: "it is big and only drips".into() };
            if read.map_err(|_| idle(self.url, self.limits))?.map_err(|e| self.failed(&e))? == 0 {
                return Ok(());
            }
            if is_big {
                big_for += took;
                let rate = (self.bytes.len() - big_from) as f64 / big_for.as_secs_f64().max(0.001);
                // Looked at anew each time, so that a fast beginning doesn't make up for a drip.
                if big_for > SLOW {
                    if rate < LEAST_RATE {
                        return Err(slow());
                    }
                    (big_for, big_from) = (Duration::ZERO, self.bytes.len());
                }
            } else if self.bytes.len() > BIG {
                self.room = self.rooms.enter(self.url).await?;
                big_from = self.bytes.len();
                // Growing by doubling would take twice as much in the end, and more while it is copied.
                self.bytes.reserve(self.limit.saturating_sub(big_from) + SPARE);
            }
        }
    }

    /// What went wrong while reading.
    fn failed(&self, error: &io::Error) -> FetchError {
        let too_large = || FetchError::TooLarge { url: self.url.to_string(), limit: self.limit };
        of_io(self.url, error, self.limits).unwrap_or_else(too_large)
    }
}

/// How the headers say that `url`'s answer is compressed.
pub(super) fn coding(url: &HttpUrl, headers: &HeaderMap) -> Result<Coding, FetchError> {
    declared(headers).map_err(|encoding| FetchError::UnknownEncoding { url: url.to_string(), encoding })
}

/// The coding that the headers declare; what they say where it is none that was offered (RFC 9110 section 8.4).
fn declared(headers: &HeaderMap) -> Result<Coding, String> {
    let mut found = Coding::Identity;
    let values: Vec<_> =
        headers.get_all(CONTENT_ENCODING).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
    let declared = values.join(", ");
    for name in declared.split(',').map(|n| n.trim().to_lowercase()) {
        let coding = match name.as_str() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            "deflate" => Coding::Deflate,
            // Servers declare an encoding of characters here.
            "" | "identity" | "none" | "utf-8" => continue,
            _ => return Err(name.chars().take(80).collect()),
        };
        // Compressed twice is compressed to deceive.
        if found != Coding::Identity {
            return Err(declared.chars().take(80).collect());
        }
        found = coding;
    }
    Ok(found)
}

type Decoded<'r> = Pin<Box<dyn AsyncRead + Send + 'r>>;

fn decoder<'r>(coding: Coding, zlib: bool, raw: impl AsyncBufRead + Unpin + Send + 'r) -> Decoded<'r> {
    match coding {
        Coding::Gzip => Box::pin(GzipDecoder::new(raw)),
        Coding::Zstd => {
            let mut decoder = ZstdDecoder::with_params(raw, &[DParameter::window_log_max(ZSTD_WINDOW)]);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Coding::Deflate if zlib => Box::pin(ZlibDecoder::new(raw)),
        Coding::Deflate => Box::pin(DeflateDecoder::new(raw)),
        Coding::Brotli => Box::pin(BrotliDecoder::new(raw)),
        Coding::Identity => Box::pin(raw),
    }
}

/// What went wrong while reading; `None` where the limit did.
fn of_io(url: &HttpUrl, error: &io::Error, limits: &Limits) -> Option<FetchError> {
    let inner = error.get_ref();
    if inner.is_some_and(|e| e.is::<TooLong>()) {
        return None;
    }
    Some(match inner.and_then(|e| e.downcast_ref::<reqwest::Error>()) {
        Some(transport) => FetchError::of_transport(url, transport, limits),
        None => FetchError::Interrupted { url: url.to_string(), reason: format!("damaged compression: {error}") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Result<Coding, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, reqwest::header::HeaderValue::from_static(value));
        }
        super::declared(&headers)
    }

    #[test]
    fn one_coding_that_was_offered_is_taken() {
        for (values, coding) in [
            (&[][..], Coding::Identity),
            (&["identity"], Coding::Identity),
            (&["GZIP"], Coding::Gzip),
            (&["x-gzip"], Coding::Gzip),
            (&["identity, br"], Coding::Brotli),
            (&["utf-8", "zstd"], Coding::Zstd),
            (&["deflate"], Coding::Deflate),
        ] {
            assert_eq!(of(values), Ok(coding), "{values:?}");
        }
    }

    #[test]
    fn other_codings_and_several_are_not() {
        assert_eq!(of(&["compress"]), Err("compress".into()));
        assert_eq!(of(&["gzip, gzip"]), Err("gzip, gzip".into()));
        assert_eq!(of(&["gzip", "br"]), Err("gzip, br".into()));
    }
}
