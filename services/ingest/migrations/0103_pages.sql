-- Pages as they were fetched, for a better extractor. BYTES stands for the dialect's type for bytes. Times are
-- milliseconds since 1970, UTC.

create table pages (
    -- The address that was asked for.
    url text not null primary key,
    article_id text not null,
    final_url text not null,
    content_type text,
    -- What was said elsewhere about what may be done with it, as JSON.
    outside text not null,
    -- Compressed with Zstandard.
    body BYTES not null,
    fetched_at_ms bigint not null
);

create index pages_article on pages (article_id);
create index pages_fetched_at on pages (fetched_at_ms);
