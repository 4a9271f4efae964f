-- The host of the article that a model was asked for; empty where it was noted before this step.

alter table track_record add column host text not null default '';

-- A host's articles, of which few are kept, and the newest ones of all hosts.
create index track_record_by_host on track_record (model, language, prompt_version, host, judged_at_ms);
create index track_record_by_language on track_record (model, language, prompt_version, judged_at_ms);
