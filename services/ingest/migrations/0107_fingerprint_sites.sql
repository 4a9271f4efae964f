-- On which site an article is: a notice that a site prints under several titles is not the same story from elsewhere.
-- Empty where that wasn't noted.

alter table fingerprints add column site text not null default '';
