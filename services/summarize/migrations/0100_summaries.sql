-- Which revision of an article was summarized last. Times are milliseconds since 1970, UTC.

create table summarized (
    article_id text not null primary key,
    revision bigint not null,
    content_hash text not null,
    languages text not null,
    summarized_at_ms bigint not null
);
