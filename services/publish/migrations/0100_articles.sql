-- What the site shows. `summarized` is the event's payload as JSON, `body` the body that passed the site's own
-- sanitizer. Times are milliseconds since 1970, UTC.

create table articles (
    article_id text not null primary key,
    revision bigint not null,
    title text not null,
    language text not null,
    site_name text not null,
    site_host text not null,
    published_at_ms bigint,
    added_at_ms bigint not null,
    updated_at_ms bigint not null,
    excerpt text,
    excerpt_language text,
    summarized text not null,
    body text not null
);

create index articles_added on articles (added_at_ms, article_id);
