-- What puts polls of a feed off, and subscriptions to its hub. Times are milliseconds.

-- How long the feed's last document asks not to be polled: a later answer without a document says nothing of it.
alter table feeds add column ttl_ms bigint;
-- How often its hub was asked since it last agreed, and for how long it agreed then.
alter table feeds add column hub_asks bigint not null default 0;
alter table feeds add column hub_lease_ms bigint;
