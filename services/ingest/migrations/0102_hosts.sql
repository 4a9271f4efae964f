-- Whose turn it is at each host, and what its robots.txt says. Times are milliseconds since 1970, UTC.

create table hosts (
    host text not null primary key,
    -- When somebody last began to fetch from it.
    last_at_ms bigint not null,
    -- The first turn that nobody has.
    next_at_ms bigint not null,
    -- Until when it asked to be left alone.
    left_alone_until_ms bigint not null default 0
);

-- Who waits for a turn (entered = 0), and who is fetching (entered = 1). A row that has expired counts for nothing, so
-- that a killed worker's turn comes free by itself.
create table host_turns (
    turn_id text not null primary key,
    host text not null,
    entered bigint not null,
    at_ms bigint not null,
    expires_at_ms bigint not null
);

create index host_turns_host on host_turns (host);
create index host_turns_expires on host_turns (expires_at_ms);

create table robots (
    authority text not null primary key,
    body text not null,
    fetched_at_ms bigint not null,
    -- When it was last found to be out of reach, and why; null while it is in reach.
    failed_at_ms bigint,
    failure text,
    -- Since when it is.
    failing_since_ms bigint
);
