-- An address may have led to several articles, one after the other: a retraction that names it means all of them.

create table article_addresses (
    url text not null,
    article_id text not null,
    primary key (url, article_id)
);

insert into article_addresses (url, article_id) select url, article_id from addresses;

drop table addresses;

alter table article_addresses rename to addresses;

create index addresses_article on addresses (article_id);
