//! Any message as an event: a payload or a reason, and what was read can be written and read again.

#![no_main]

use bytes::Bytes;
use kos_shared::event::{
    ArticleIngested, ArticleRetracted, ArticleSummarized, Attributes, Envelope, EventId, FeedDue, Headers,
    IngestRequested, Outgoing, Payload, Received,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    // Lines `name: value` up to an empty one are headers, the rest is the body.
    let text = String::from_utf8_lossy(message);
    let (head, body) = text.split_once("\n\n").unwrap_or(("", &text));
    let headers: Headers =
        head.lines().filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect();
    let body = Bytes::copy_from_slice(body.as_bytes());
    there_and_back::<IngestRequested>(&headers, &body);
    there_and_back::<FeedDue>(&headers, &body);
    there_and_back::<ArticleIngested>(&headers, &body);
    there_and_back::<ArticleSummarized>(&headers, &body);
    there_and_back::<ArticleRetracted>(&headers, &body);
});

fn there_and_back<P: Payload + PartialEq + std::fmt::Debug>(headers: &Headers, body: &Bytes) {
    let Ok(payload) = read::<P>(headers, body) else { return };
    let id = EventId::of_producer("fuzz", "1");
    let now = jiff::Timestamp::UNIX_EPOCH;
    let sent = Outgoing::new(&Attributes::original(id, "fuzz", &payload, now), &payload);
    match read::<P>(&sent.headers, &sent.body) {
        Ok(again) => assert_eq!(again, payload),
        Err(reason) => panic!("{payload:?} can't be read again: {reason}"),
    }
}

fn read<P: Payload>(headers: &Headers, body: &Bytes) -> Result<P, kos_shared::event::InvalidEvent> {
    let received = Received { subject: P::TYPE.as_str(), headers, body, stream: "KOS", sequence: 1, stored_nanos: 1 };
    Envelope::read(received, P::TYPE).open::<P>()
}
