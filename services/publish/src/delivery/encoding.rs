//! Content codings (RFC 9110 section 8.4): which one a client gets, and how.

use std::io::{self, Write};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;

/// What a body is compressed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// One answer.
    Once,
    /// Many: it is kept.
    Kept,
}

impl Effort {
    const fn gzip_level(self) -> flate2::Compression {
        flate2::Compression::new(match self {
            Self::Once => 3,
            Self::Kept => 9,
        })
    }

    const fn zstd_level(self) -> i32 {
        match self {
            Self::Once => 3,
            Self::Kept => 9,
        }
    }
}

/// A content coding that the site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// None.
    Identity,
    /// RFC 1952, for everybody.
    Gzip,
    /// RFC 8878, smaller and faster.
    Zstd,
}

impl Encoding {
    /// The best coding that a request accepts.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_ENCODING);
        let mut weights = [(Self::Zstd, None), (Self::Gzip, None)];
        let mut any = None;
        // More than a client sends; a header of nothing but commas costs no time.
        for item in values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).take(32) {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight(parameters);
            match name.trim().to_ascii_lowercase().as_str() {
                "zstd" => weights[0].1 = Some(weight),
                "gzip" | "x-gzip" => weights[1].1 = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let mut best = (Self::Identity, 0.0);
        for (encoding, weight) in weights {
            let weight = weight.or(any).unwrap_or(0.0);
            if weight > best.1 {
                best = (encoding, weight);
            }
        }
        best.0
    }

    /// Its `Content-Encoding`, where it has one.
    pub fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Zstd => Some(HeaderValue::from_static("zstd")),
        }
    }

    /// A body in this coding.
    ///
    /// # Errors
    /// The coder fails, which it does only without memory.
    pub fn encode(self, body: &Bytes, effort: Effort) -> io::Result<Bytes> {
        match self {
            Self::Identity => Ok(body.clone()),
            Self::Gzip => {
                let room = Vec::with_capacity(body.len() / 3);
                let mut coder = flate2::write::GzEncoder::new(room, effort.gzip_level());
                coder.write_all(body)?;
                Ok(coder.finish()?.into())
            }
            Self::Zstd => Ok(zstd::bulk::compress(body, effort.zstd_level())?.into()),
        }
    }
}

/// A weight (RFC 9110 section 12.4.2); what can't be read refuses.
fn weight(parameters: &str) -> f32 {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return 1.0;
    }
    let value = parameters.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    value.and_then(|(_, value)| value.trim().parse().ok()).filter(|w| (0.0..=1.0).contains(w)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn accepted(value: &'static str) -> Encoding {
        Encoding::accepted(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
    }

    #[test]
    fn a_client_gets_the_best_coding_that_it_accepts() {
        for (value, encoding) in [
            ("gzip, deflate, br, zstd", Encoding::Zstd),
            ("gzip, deflate, br", Encoding::Gzip),
            ("GZIP;q=1, zstd;q=0.5", Encoding::Gzip),
            ("zstd;q=0, *", Encoding::Gzip),
            ("*;q=0", Encoding::Identity),
            ("*", Encoding::Zstd),
            ("br", Encoding::Identity),
            ("gzip;q=x", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            assert_eq!(accepted(value), encoding, "{value}");
        }
        assert_eq!(Encoding::accepted(&HeaderMap::new()), Encoding::Identity);
    }

    #[test]
    fn what_was_encoded_decodes_to_what_it_was() {
        let body = Bytes::from("渡轮恢复运行。".repeat(500));
        let mut gzip = String::new();
        let encoded = Encoding::Gzip.encode(&body, Effort::Kept).unwrap();
        flate2::read::GzDecoder::new(&*encoded).read_to_string(&mut gzip).unwrap();
        assert_eq!(gzip.as_bytes(), body);
        assert_eq!(
            zstd::bulk::decompress(&Encoding::Zstd.encode(&body, Effort::Once).unwrap(), 1 << 20).unwrap(),
            body
        );
    }
}
