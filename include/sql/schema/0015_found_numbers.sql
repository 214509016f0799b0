/*
name:    schema/0015_found_numbers
purpose: Retention of what was found at the gateway after a restore: its telephone numbers go, a keyed hash keeps them
         from being reminded.
*/

alter table ledger.foreign_message
alter column phone_e164 drop not null,
add column phone_hash text,
add column purged_at timestamptz,
add constraint foreign_message_is_purged_whole check (
    (purged_at is null) = (phone_e164 is not null) and (purged_at is null) = (phone_hash is null)
);
create index foreign_message_phone_hash on ledger.foreign_message (phone_hash)
where purged_at is not null and cleared_at is null;
grant select, update (phone_e164, phone_hash, purged_at) on ledger.foreign_message to oshirase_purge;

-- As ledger.has_foreign_message, of messages whose number was purged.
create function ledger.has_purged_foreign_message(of_phone text, due_on date, key bytea) returns boolean
language sql stable as $$
    select exists (
        select 1
        from ledger.foreign_message as m
        where
            m.phone_hash = ledger.keyed_hash(of_phone, key, 'phone') and m.purged_at is not null
            and m.cleared_at is null and m.state <> 'cancelled'
            and (due_on is null or m.accepted_at >= due_on::timestamp at time zone 'Asia/Tokyo')
    )
$$;
