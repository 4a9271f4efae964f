-- Until when a host asked to be left alone, and since when a robots.txt is out of reach, null while it is in reach.
-- Times are milliseconds since 1970, UTC.

alter table hosts add column left_alone_until_ms bigint not null default 0;

alter table robots add column failing_since_ms bigint;
