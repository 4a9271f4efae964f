-- Feeds, how each is, and what of each was seen. Times are milliseconds since 1970, UTC.

create table feeds (
    feed_id text not null primary key,
    -- Where it is asked for now, and the address that it was added under.
    url text not null,
    added_url text not null,
    added_at_ms bigint not null,
    title text,
    site_url text,
    -- active or gone
    state text not null,
    -- The number of its last turn. It never begins again, also where a feed is removed and added once more.
    slot bigint not null,
    next_at_ms bigint not null,
    interval_ms bigint not null,
    -- How long its last document asks not to be polled, and the hours and days on which it does, a bit each, from midnight
    -- and from Monday on, UTC: an answer without a document says nothing of it.
    ttl_ms bigint,
    skip_hours bigint not null default 0,
    skip_days bigint not null default 0,
    etag text,
    last_modified text,
    body_hash text,
    failures bigint not null,
    last_success_at_ms bigint,
    last_error text,
    last_error_at_ms bigint,
    -- How many entries the document had, and how many of them had neither a link nor a text.
    entries bigint not null,
    entries_without_link bigint not null,
    -- When its newest entries came, as a JSON list of milliseconds, the newest first.
    recent_ms text not null,
    -- What the operator decided: how much may be shown, and which entries are wanted, as JSON.
    policy text,
    rules text,
    -- WebSub: the subscription that was asked for, and until when it is granted; why it is not.
    hub_url text,
    hub_topic text,
    hub_secret text,
    hub_asked_at_ms bigint,
    -- How often it was asked since it last agreed, and for how long it agreed then.
    hub_asks bigint not null default 0,
    hub_lease_ms bigint,
    hub_expires_at_ms bigint,
    hub_error text
);

create index feeds_due on feeds (state, next_at_ms);
create index feeds_by_url on feeds (url);

create table feed_entries (
    feed_id text not null,
    -- Digests of the article's normalised address (else of the GUID, else of the content), of the GUID (empty where
    -- there is none), and of title and text.
    entry_key text not null,
    guid_key text not null,
    content_hash text not null,
    first_seen_at_ms bigint not null,
    last_seen_at_ms bigint not null,
    primary key (feed_id, entry_key)
);

create index feed_entries_by_guid on feed_entries (feed_id, guid_key);
create index feed_entries_by_content on feed_entries (feed_id, content_hash);
create index feed_entries_seen on feed_entries (feed_id, last_seen_at_ms);
