use std::io::Read;

use super::*;

fn request(headers: &[(header::HeaderName, &str)]) -> HeaderMap {
    headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
}

fn page() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::VARY, "cookie")], "字".repeat(2_000)).into_response()
}

async fn body(response: Response) -> Bytes {
    to_bytes(response.into_body(), usize::MAX).await.unwrap()
}

#[tokio::test]
async fn an_answer_gets_a_tag_and_is_not_sent_twice() {
    let first = prepared(&request(&[]), page()).await;
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = prepared(&request(&[(header::IF_NONE_MATCH, &tag)]), page()).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()[header::ETAG], tag.as_str());
    assert!(again.headers().get(header::CONTENT_TYPE).is_none());
    let vary: Vec<_> = again.headers().get_all(header::VARY).iter().collect();
    assert_eq!(vary, ["cookie", "accept-encoding"]);
    assert!(body(again).await.is_empty());
}

#[tokio::test]
async fn an_error_is_never_not_modified() {
    let response = (StatusCode::NOT_FOUND, "no such page").into_response();
    let answer = prepared(&request(&[(header::IF_NONE_MATCH, "*")]), response).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.headers().get(header::ETAG).is_none());
}

#[tokio::test]
async fn text_travels_encoded_and_means_the_same() {
    let answer = prepared(&request(&[(header::ACCEPT_ENCODING, "gzip")]), page()).await;
    assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
    let encoded = body(answer).await;
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(&*encoded).read_to_end(&mut decoded).unwrap();
    assert_eq!(decoded, body(page()).await);
    assert!(encoded.len() < 1_000);
}

#[tokio::test]
async fn what_is_encoded_already_or_is_no_text_stays_as_it_is() {
    for (name, value) in [(header::CONTENT_ENCODING, "zstd"), (header::CONTENT_TYPE, "image/png")] {
        let mut response = page();
        response.headers_mut().insert(name, value.parse().unwrap());
        let answer = prepared(&request(&[(header::ACCEPT_ENCODING, "gzip")]), response).await;
        assert_eq!(body(answer).await.len(), 6_000, "{value}");
    }
}

#[tokio::test]
async fn a_stream_passes_as_it_comes() {
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>("data: 1\n\n")]);
    let answer = prepared(&request(&[]), Body::from_stream(stream).into_response()).await;
    assert!(answer.headers().get(header::ETAG).is_none());
    assert_eq!(body(answer).await, "data: 1\n\n");
}

#[tokio::test]
async fn a_head_has_the_length_and_no_body() {
    let answer = without_body(page());
    assert_eq!(answer.headers()[header::CONTENT_LENGTH], "6000");
    assert!(body(answer).await.is_empty());
}
