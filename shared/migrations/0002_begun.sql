-- Events that were delivered very often and whose work was begun once more, how many times in a row without coming to
-- an end. A row goes when the work ends, however it does.

create table begun (
    consumer text not null,
    event_id text not null,
    times bigint not null,
    primary key (consumer, event_id)
);
