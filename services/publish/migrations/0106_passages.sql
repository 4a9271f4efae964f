-- Which parts of `body` carry which sentences of the summaries, as JSON. Nothing where an earlier version put the article
-- there: then no sentence has a link.

alter table articles add column passages text;
