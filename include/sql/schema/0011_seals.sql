/*
name:    schema/0011_seals
purpose: Tamper evidence: each seal closes a range of the rows of a table with a keyed hash that takes in the seal
         before it. The key is not in this database, so whoever has only the database cannot make a seal that fits.
*/
create table ledger.seal (
    -- 1, 2, 3, ... without a gap, over all tables.
    seq bigint not null primary key check (seq >= 1),
    table_name text not null check (table_name in ('notice_event', 'approval')),
    -- Which columns a row's canonical form has, and in which order.
    form smallint not null,
    -- Both ends belong to it; ids in between that no row has were given back by a transaction that failed.
    from_id bigint not null,
    to_id bigint not null,
    rows_count bigint not null check (rows_count >= 1),
    rows_hash bytea not null check (length(rows_hash) = 32),
    sealed_at timestamptz not null,
    sealed_by text not null,
    -- Over all of the above and the hash of the seal before.
    hash bytea not null check (length(hash) = 32),
    check (from_id <= to_id),
    unique (table_name, from_id)
);
grant select, insert on ledger.seal to oshirase_campaign;
create trigger seal_is_append_only before update or delete or truncate on ledger.seal
for each statement execute function ledger.refuse_change();
