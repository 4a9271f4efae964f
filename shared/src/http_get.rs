//! One plain HTTP/1.0 request, for what is asked once and near by: it isn't worth an HTTP client in every worker.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The most that is read of an answer, in bytes.
const ANSWER_BYTES: u64 = 1 << 20;

/// The status and the body of what `host` answers at `port` to a GET of `path`.
///
/// # Errors
/// Why there is no answer within `limit`, or none of HTTP.
pub async fn http_get(host: &str, port: u16, path: &str, limit: Duration) -> Result<(u16, String), String> {
    let asking = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(ANSWER_BYTES).read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = timeout(limit, asking).await.map_err(|_| format!("no answer within {} s", limit.as_secs()))?;
    read(&answer.map_err(|e| e.to_string())?).ok_or_else(|| "expected an answer of HTTP".to_owned())
}

fn read(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim_end();
    Some((status.lines().next()?.parse().ok()?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_read() {
        let ok = |status, body: &str| Some((status, body.to_owned()));
        assert_eq!(read("HTTP/1.1 200 OK\r\na: b\r\n\r\n{}\n"), ok(200, "{}\n"));
        assert_eq!(read("HTTP/1.0 503\r\n\r\n"), ok(503, ""));
        for other in ["", "HTTP/1.1 200 OK\r\n", "+PONG\r\n\r\n", "HTTP/1.1 OK\r\n\r\n"] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
