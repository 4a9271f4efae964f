-- What a worker keeps for every service: the events that it handled, the events that it has to send, and the
-- attempts that failed. Keys begin with the event, by which all of it is looked up. BYTES stands for the dialect's type
-- for bytes. Times are milliseconds since 1970, UTC.

create table inbox (
    consumer text not null,
    event_id text not null,
    event_type text not null,
    subject text,
    article_id text,
    trace_id text not null,
    cause text,
    received_at_ms bigint not null,
    handled_at_ms bigint not null,
    attempt bigint not null,
    outcome text not null,
    detail text,
    emitted text not null,
    primary key (event_id, consumer)
);

create index inbox_article on inbox (article_id);
create index inbox_subject on inbox (subject);
create index inbox_handled_at on inbox (handled_at_ms);

create table outbox (
    event_id text not null primary key,
    subject text not null,
    headers text not null,
    body BYTES not null,
    size bigint not null,
    created_at_ms bigint not null,
    tries bigint not null default 0,
    retry_at_ms bigint not null default 0,
    sent_at_ms bigint
);

create index outbox_unsent on outbox (created_at_ms) where sent_at_ms is null;
create index outbox_sent on outbox (sent_at_ms) where sent_at_ms is not null;

create table failures (
    consumer text not null,
    event_id text not null,
    attempt bigint not null,
    event_type text not null,
    subject text,
    failed_at_ms bigint not null,
    class text not null,
    reason text not null,
    primary key (event_id, consumer, attempt)
);

create index failures_subject on failures (subject);
create index failures_failed_at on failures (failed_at_ms);
