-- What readers and caches know the state of an article's page by: the version grows with all that changes the page.
-- `noindex` is 1 where its publisher wants it in no search results.

create table versions (
    article_id text not null primary key,
    version bigint not null,
    changed_at_ms bigint not null,
    noindex bigint not null
);

insert into versions (article_id, version, changed_at_ms, noindex)
select article_id, 1, updated_at_ms, case when summarized like '%"noindex":true%' then 1 else 0 end from articles;

create index articles_by_host on articles (site_host, added_at_ms, article_id);

create index articles_by_language on articles (language, added_at_ms, article_id);

create index retractions_by_time on retractions (retracted_at_ms);
