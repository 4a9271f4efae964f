-- What search finds articles by. `number` puts articles in the order of their time, `weights` says what each term of an
-- article weighs, `analysis` which version of the analysis made them. Terms come as they are to be kept.

-- only sqlite
create table search_documents (
    number integer not null primary key,
    article_id text not null unique,
    analysis bigint not null,
    weights BYTES not null
);

create virtual table search_terms using fts5 (terms, content = '', contentless_delete = 1, tokenize = 'ascii');
-- only postgres
create table search_documents (
    number bigint not null primary key,
    article_id text not null unique,
    analysis bigint not null,
    weights BYTES not null,
    terms tsvector not null
);

-- Compressed, reading a thousand of them would take longer than all else that a search does.
alter table search_documents alter column weights set storage external;

alter table search_documents alter column terms set storage external;

create index search_documents_terms on search_documents using gin (terms) with (fastupdate = off);
