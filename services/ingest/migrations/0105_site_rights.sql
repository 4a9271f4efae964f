-- What sites say about rights in files of their own. `origin` is scheme, host and port; `tdmrep` the text of
-- /.well-known/tdmrep.json, null where there is none. Times are milliseconds since 1970, UTC.

create table site_rights (
    origin text not null primary key,
    tdmrep text,
    fetched_at_ms bigint not null,
    good_until_ms bigint not null
);
