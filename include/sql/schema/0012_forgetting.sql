/*
name:    schema/0012_forgetting
purpose: What the records and the folders of extracts forget, and persons who asked to be erased: what of the records
         goes with time, and orders that later loads obey.
*/

/*
Delete up to so many versions of a table's facts that ended before a moment. A current fact is what the business system
delivers: it would come again with the next extract, and a levy without the payments that came once would look unpaid.
Returns how many were deleted.
*/
create function records.forget_ended(of_table text, before timestamptz, most integer)
returns bigint language plpgsql as $$
declare
    gone bigint;
begin
    execute format('delete from records.%1$I where ctid = any(array(
        select ctid from records.%1$I where superseded_at < $1 limit $2
    ))', of_table) using before, most;
    get diagnostics gone = row_count;
    return gone;
end;
$$;

-- Payments are looked for by nothing but their levy: one whose levy is gone says nothing to anybody.
create index payment_paid on records.payment (paid_on);

-- Somebody's order to erase a person: by the keyed hashes of every id that the person has or had, never by an id.
create table ledger.erasure (
    erasure_id bigint not null primary key generated always as identity,
    resident_hashes text [] not null check (cardinality(resident_hashes) > 0),
    reason text not null check (reason <> ''),
    -- Rows by table.
    counts jsonb not null,
    erased_at timestamptz not null,
    erased_by text not null check (erased_by not in ('', 'Anonymous'))
);
create trigger erasure_is_append_only before update or delete or truncate on ledger.erasure
for each statement execute function ledger.refuse_change();

-- Take out of the temporary table `arrived` every row that names somebody who was erased; of a call that a section
-- received only the name. Returns how many.
create function records.leave_out_erased(of_table text, key bytea) returns bigint language plpgsql as $$
declare
    named_by text;
    gone bigint;
    all_gone bigint := 0;
begin
    for named_by in
        select attname from pg_attribute
        where
            attrelid = 'pg_temp.arrived'::regclass and attnum > 0 and not attisdropped
            and attname in ('resident_id', 'obligor_id', 'old_id', 'new_id')
    loop
        execute format(
            case
                when of_table = 'inquiry' then 'update pg_temp.arrived as a set %1$I = null'
                else 'delete from pg_temp.arrived as a using'
            end || case when of_table = 'inquiry' then ' from' else '' end || ' (
                select unnest(e.resident_hashes) as hash from ledger.erasure as e
            ) as erased where ledger.keyed_hash(a.%1$I, $1, ''resident'') = erased.hash',
            named_by
        ) using key;
        get diagnostics gone = row_count;
        all_gone := all_gone + gone;
    end loop;
    return all_gone;
end;
$$;

-- Also who was given up on: a message without a receipt is not under way any more when the person asks.
create or replace function ledger.guard_purge() returns trigger language plpgsql as $$
declare
    taken text [] := array[
        'subject', 'resident_id', 'phone_e164', 'purged_at', 'pseudonymised_at', 'phone_hash', 'content_digest'
    ];
begin
    if current_user <> 'oshirase_purge' then
        raise exception 'only a purge takes personal data out of notice %', old.notice_id
            using errcode = 'insufficient_privilege';
    end if;
    if
        not (select s.is_settled from ledger.notice_state as s where s.state = old.state)
        and not (old.state = 'accepted' and coalesce(old.reason, '') = 'no_receipt')
    then
        raise exception 'notice % is %: it is not purged', old.notice_id, old.state using errcode = 'check_violation';
    end if;
    if
        to_jsonb(new) - taken is distinct from to_jsonb(old) - taken
        or new.purged_at is null or new.purged_at is distinct from coalesce(old.purged_at, new.purged_at)
        or (old.purged_at is not null and (new.phone_hash, new.content_digest)
            is distinct from (old.phone_hash, old.content_digest))
        or (new.subject, new.resident_id, new.pseudonymised_at)
        is distinct from (old.subject, old.resident_id, old.pseudonymised_at)
        and not (
            old.pseudonymised_at is null and new.pseudonymised_at is not null
            and new.resident_id ~ '^#[0-9a-f]{64}$' and new.subject ~ '(^|/)#[0-9a-f]{64}(/|$)'
        )
    then
        raise exception 'a purge only takes away: notice %', old.notice_id using errcode = 'check_violation';
    end if;
    return new;
end;
$$;

alter table ledger.access
drop constraint access_kind_check,
add constraint access_kind_check
check (kind in ('person_looked_up', 'list_downloaded', 'report_downloaded', 'person_exported', 'person_erased')),
drop constraint access_check,
add constraint access_check check (
    (kind in ('person_looked_up', 'person_exported', 'person_erased')) = (resident_id is not null)
),
drop constraint access_check1,
add constraint access_check1 check (
    kind in ('person_looked_up', 'person_exported', 'person_erased') or (campaign_run_id is not null and reason <> '')
);

grant delete on all tables in schema records to oshirase_purge;
-- What is said of a number, or counted of a day, stays without the person.
grant update (resident_id) on records.opt_out, records.inquiry to oshirase_purge;
grant insert on ledger.access to oshirase_purge;
grant insert, select on ledger.erasure to oshirase_purge;
grant select on ledger.erasure to oshirase_campaign, oshirase_ingest;
