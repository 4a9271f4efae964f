-- Answers of models, kept so that none is paid for twice, and claimed while they are asked for: `text` is null until
-- then. Times are milliseconds since 1970, UTC.

create table answers (
    content_hash text not null,
    prompt_version text not null,
    model text not null,
    language text not null,
    number bigint not null,
    owner text not null,
    claimed_until_ms bigint not null,
    text text,
    finish text,
    prompt_tokens bigint,
    completion_tokens bigint,
    answered_at_ms bigint,
    primary key (content_hash, prompt_version, model, language, number)
);

create index answers_by_age on answers (answered_at_ms);

-- Tokens spent a day: days since 1970, UTC.
create table tokens_spent (
    day bigint not null primary key,
    tokens bigint not null
);

-- Since when an event waits for endpoints that are down or busy.
create table waiting (
    event_id text not null primary key,
    since_ms bigint not null
);

-- What was checked, by summary, and what models were asked: JSON as in the event.
alter table summarized add column summaries text not null default '[]';
alter table summarized add column missing text not null default '[]';
alter table summarized add column attempts text not null default '[]';
