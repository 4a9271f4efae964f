//! The bytes of an answer: decompressed, and counted before and after, so that neither an endless answer nor one that
//! unpacks to a gigabyte takes more than its limit.

use std::{io, pin::Pin};

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
    sync::Semaphore,
};
use tokio_util::io::StreamReader;

use super::{FetchError, Kind, Limits};

/// What is offered to servers, best first.
pub(super) const ACCEPTED: &str = "gzip, br, zstd, deflate";

/// From this size on a body counts as big, in bytes.
const BIG: usize = 1024 * 1024;

/// How many big bodies are read at a time: what all of them take together is bounded, too.
pub(super) const BIG_BODIES: usize = 3;

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

/// The body of `url`'s answer, within its kind's limit as it travels and once it is decompressed. `big` is
/// shared by all bodies that are being read.
pub(super) async fn read(
    url: &HttpUrl,
    kind: Kind,
    coding: Coding,
    response: Response,
    limits: &Limits,
    big: &Semaphore,
) -> Result<Bytes, FetchError> {
    let limit = limits.bytes(kind);
    let too_large = || FetchError::TooLarge { url: url.to_string(), limit };
    if response.content_length().is_some_and(|l| l > limit as u64) {
        return Err(too_large());
    }
    let mut left = limit;
    let counted = response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        left = left.checked_sub(chunk.len()).ok_or_else(|| io::Error::other(TooLong))?;
        Ok::<_, io::Error>(chunk)
    });
    let decoded = async {
        let mut reader = decoder(coding, StreamReader::new(Box::pin(counted))).await?.take(limit as u64 + 1);
        let mut body = BytesMut::new();
        let mut permit = None;
        while reader.read_buf(&mut body).await? > 0 {
            if body.len() > BIG && permit.is_none() {
                permit = Some(big.acquire().await.map_err(io::Error::other)?);
            }
        }
        Ok(body)
    };
    match decoded.await {
        Ok(body) if body.len() > limit => Err(too_large()),
        Ok(body) => Ok(body.freeze()),
        Err(error) => Err(of_io(url, &error, limits).unwrap_or_else(too_large)),
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

type Decoded = Pin<Box<dyn AsyncRead + Send>>;

async fn decoder(coding: Coding, mut raw: impl AsyncBufRead + Unpin + Send + 'static) -> io::Result<Decoded> {
    let start = match coding {
        Coding::Identity => return Ok(Box::pin(raw)),
        _ => raw.fill_buf().await?,
    };
    // Nothing is nothing in any coding.
    if start.is_empty() {
        return Ok(Box::pin(raw));
    }
    // Some mean the bare format by "deflate", most what the standard means, which is zlib's (RFC 1950 section 2.2).
    let zlib = start[0] & 0x0f == 8
        && start.get(1).is_none_or(|flags| (u16::from(start[0]) << 8 | u16::from(*flags)) % 31 == 0);
    Ok(match coding {
        Coding::Gzip => {
            let mut decoder = GzipDecoder::new(raw);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Coding::Zstd => {
            let mut decoder = ZstdDecoder::with_params(raw, &[DParameter::window_log_max(ZSTD_WINDOW)]);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Coding::Deflate if zlib => Box::pin(ZlibDecoder::new(raw)),
        Coding::Deflate => Box::pin(DeflateDecoder::new(raw)),
        Coding::Brotli => Box::pin(BrotliDecoder::new(raw)),
        Coding::Identity => Box::pin(raw),
    })
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
