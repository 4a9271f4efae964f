-- What lists show, apart from the articles themselves, which are large: one narrow row an article that stands.
-- Times are milliseconds since 1970, UTC. `summaries` is JSON: language, title and first sentence of each summary.

create table list_entries (
    article_id text not null primary key,
    -- Articles that tell the same story have the same: the id of the one that the others were taken for copies of.
    story_id text not null,
    -- 1 for the article that stands for its story, which is the one that came first of those that stand; 0 for others.
    leads bigint not null,
    added_at_ms bigint not null,
    published_at_ms bigint,
    host text not null,
    site_name text not null,
    title text not null,
    language text not null,
    -- The primary subtag of the language: what readers choose by.
    spoken text not null,
    words bigint not null,
    summaries text not null
);

-- One for each way of listing, so that a page is the next rows of an index.
create index list_entries_newest on list_entries (added_at_ms, article_id) where leads = 1;

create index list_entries_spoken on list_entries (spoken, added_at_ms, article_id) where leads = 1;

create index list_entries_host on list_entries (host, added_at_ms, article_id);

create index list_entries_host_spoken on list_entries (host, spoken, added_at_ms, article_id);

create index list_entries_story on list_entries (story_id, added_at_ms, article_id);

-- A row is locked before who stands for its story is decided: of two workers that publish the same story at once, the
-- second sees what the first decided.
create table stories (
    story_id text not null primary key,
    changed_at_ms bigint not null
);
