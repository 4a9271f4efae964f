-- What each article is about, and which articles are about something related. `number` is the article's number in
-- `search_documents`, `story` the article that told the same first, `sketch` its SimHash, `score` a similarity in millionths.

create table profiles (
    article_id text not null primary key,
    number bigint not null,
    story text not null,
    sketch bigint not null,
    profile BYTES not null
);

create unique index profiles_number on profiles (number);

-- only sqlite
create table profile_terms (
    term bigint not null,
    number bigint not null,
    primary key (term, number)
) without rowid;
-- only postgres
create table profile_terms (
    term bigint not null,
    number bigint not null,
    primary key (term, number)
);
-- end

create table related (
    article_id text not null,
    other_id text not null,
    score bigint not null,
    primary key (article_id, other_id)
);

create index related_other on related (other_id);
