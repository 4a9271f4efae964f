-- Which articles were taken in, and in which version. Times are milliseconds since 1970, UTC.

create table articles (
    article_id text not null primary key,
    canonical_url text not null,
    revision bigint not null,
    content_hash text not null,
    fetched_at_ms bigint not null
);
