-- The hours and days on which a feed asks not to be polled, a bit each, from midnight and from Monday on, UTC.
alter table feeds add column skip_hours bigint not null default 0;
alter table feeds add column skip_days bigint not null default 0;
