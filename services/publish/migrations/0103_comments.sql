-- What readers say about articles. Times are milliseconds since 1970, UTC. `state` is pending, approved, rejected or
-- deleted; a deleted comment keeps its place and no words. `digest` is what a second one of the same words is found by, and
-- `address` what an author's comments can be found by: keyed hashes, both of them.
create table comments (
    comment_id text not null primary key,
    article_id text not null,
    parent_id text,
    author_id text not null,
    name text not null,
    body text not null,
    state text not null,
    revision bigint not null,
    digest text not null,
    address text not null,
    posted_at_ms bigint not null,
    changed_at_ms bigint not null
);

create unique index comments_digest on comments (article_id, digest);
create index comments_article on comments (article_id, state, posted_at_ms, comment_id);
create index comments_state on comments (state, posted_at_ms, comment_id);
create index comments_waiting_of on comments (author_id, state);

-- How many comments of an article are approved.
create table comment_counts (
    article_id text not null primary key,
    approved bigint not null
);

-- How many comments came in a stretch of time: from all, or from one address.
create table comment_rates (
    bucket text not null,
    ends_at_ms bigint not null,
    comments bigint not null,
    primary key (bucket, ends_at_ms)
);

create index comment_rates_end on comment_rates (ends_at_ms);

-- The key that all replicas sign forms and cookies with, made by the first of them.
create table comment_keys (
    name text not null primary key,
    key text not null
);
