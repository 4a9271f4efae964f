-- What articles are recognized by when their story comes again from elsewhere. BYTES stands for the dialect's type for
-- bytes. Times are milliseconds since 1970, UTC.

create table fingerprints (
    number bigint not null primary key,
    article_id text not null,
    -- On which site it is: a notice that a site prints under several titles is not the same story from elsewhere.
    site text not null,
    sketch BYTES not null,
    shingles bigint not null,
    first_at_ms bigint not null,
    -- When it or a copy of it was last taken in.
    last_at_ms bigint not null
);

create index fingerprints_last_at on fingerprints (last_at_ms);

-- Which article had a band's key first. The key is an `integer`, which in SQLite is the row's own number and needs no
-- index beside it.
create table fingerprint_bands (
    band integer not null primary key,
    number bigint not null
);

create index fingerprint_bands_number on fingerprint_bands (number);
