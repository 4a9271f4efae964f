-- What was withdrawn, for the services that must not let it back in. Times are milliseconds since 1970, UTC.

-- By which addresses an article is known: a retraction may name one.
create table addresses (
    url text not null primary key,
    article_id text not null
);

-- Whether the article was ever here or not: a retraction may come before its article.
create table retractions (
    article_id text not null primary key,
    reason text not null,
    retracted_at_ms bigint not null
);
