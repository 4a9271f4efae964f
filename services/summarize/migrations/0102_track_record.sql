-- Whether a model wrote a summary that passed the checks, of each article that it was asked for. Times are milliseconds
-- since 1970, UTC.

create table track_record (
    model text not null,
    language text not null,
    prompt_version text not null,
    content_hash text not null,
    passed bigint not null,
    judged_at_ms bigint not null,
    primary key (model, language, prompt_version, content_hash)
);

create index track_record_by_age on track_record (model, judged_at_ms);
