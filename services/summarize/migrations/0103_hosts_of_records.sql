-- The host of the article that a model was asked for; empty where it was noted before this step.

alter table track_record add column host text not null default '';
