/*
name:    schema/0010_privacy
purpose: Forgetting persons without forgetting what was done: numbers, texts and ids of notices become keyed hashes in
         one narrow way, by a role that can do nothing else; every purge is on record. What a hash is of cannot be told
         without the city's key; that a subject was reminded can.
*/
do $$
begin
    if not exists (select from pg_roles where rolname = 'oshirase_purge') then
        create role oshirase_purge nologin;
    end if;
    if not pg_has_role(current_user, 'oshirase_purge', 'member') then
        grant oshirase_purge to current_user;
    end if;
end;
$$;

-- What stands in the place of an id, a number or a subject. The kind keeps hashes of different things apart.
create function ledger.keyed_hash(of_what text, key bytea, kind text) returns text
language sql stable parallel safe as $$
    select '#' || encode(sha256(key || convert_to(kind || '/' || of_what, 'UTF8')), 'hex')
$$;

-- A subject without the part that names a person, a household or a plan: what kind it is, its year and its instalment
-- stay for statistics. One that has been blanked stays as it is.
create function ledger.blank_subject(subject text, key bytea) returns text
language sql stable parallel safe as $$
    select case
        when position('#' in subject) > 0 then subject
        when records.subject_kind(subject) in ('levy', 'check_up')
            then concat_ws(
                '/', split_part(subject, '/', 1), split_part(subject, '/', 2), split_part(subject, '/', 3),
                ledger.keyed_hash(subject, key, 'subject')
            )
        when records.subject_kind(subject) = 'plan'
            then concat_ws('/', 'plan', ledger.keyed_hash(subject, key, 'subject'), split_part(subject, '/', 3))
        else split_part(subject, '/', 1) || '/' || ledger.keyed_hash(subject, key, 'subject')
    end
$$;

alter table ledger.notice
-- Since when number and text are gone, and since when it cannot be told whom it was about.
add column purged_at timestamptz,
add column pseudonymised_at timestamptz,
add column phone_hash text,
-- What its batch's digest has of it.
add column content_digest bytea,
add constraint notice_is_purged_whole check (
    case
        when purged_at is null then phone_hash is null and content_digest is null and pseudonymised_at is null
        else phone_e164 is null
    end
),
drop constraint notice_check,
add constraint notice_check check (
    purged_at is not null or state in ('suppressed', 'held_out', 'deferred', 'expired')
    or (phone_e164 is not null and text_id is not null and batch is not null)
);
-- Grow with what is purged only: planning does not pay for them.
create index notice_purged on ledger.notice (scheduled_at) where purged_at is not null;
create index notice_pseudonymised on ledger.notice (campaign) where pseudonymised_at is not null;

-- Since when retention has taken numbers and ids from it, and all of them.
alter table ledger.campaign_run
add column purged_at timestamptz,
add column purge_ended_at timestamptz,
add column pseudonymised_at timestamptz,
add column pseudonymise_ended_at timestamptz;

-- Null: purged.
alter table ledger.message_text alter column body drop not null;

-- Each purge, committed together with what it took.
create table ledger.purge (
    purge_id bigint not null primary key generated always as identity,
    kind text not null check (kind <> ''),
    campaign_run_id uuid references ledger.campaign_run (campaign_run_id),
    rows_count integer not null check (rows_count > 0),
    -- By which settings, in days or years.
    retention jsonb not null,
    purged_at timestamptz not null,
    purged_by text not null check (purged_by <> '')
);
create trigger purge_is_append_only before update or delete or truncate on ledger.purge
for each statement execute function ledger.refuse_change();

-- What a batch's digest has of a notice: after a purge what was kept of it, so that digests can be told for ever.
create function ledger.notice_digest(n ledger.notice, body text, key bytea) returns bytea
language sql stable parallel safe as $$
    select coalesce(n.content_digest, sha256(key || convert_to(concat_ws(
        '/', n.notice_id, n.subject, n.phone_e164, body,
        extract(epoch from n.scheduled_at), extract(epoch from n.limited_at)
    ), 'UTF8')))
$$;

create or replace function ledger.batch_digests(of_run uuid, key bytea)
returns table (batch integer, notices integer, digest text) language sql stable as $$
    select
        n.batch,
        count(*)::integer as notices,
        encode(sha256(key || string_agg(
            ledger.notice_digest(n, t.body, key), ''::bytea order by n.notice_id
        )), 'hex') as digest
    from ledger.notice as n
    inner join ledger.message_text as t on n.text_id = t.text_id
    where n.campaign_run_id = of_run and n.batch is not null
    group by n.batch
$$;

-- The one way in which what a notice says, to whom and about whom may change once it is fixed: it is taken away.
create function ledger.guard_purge() returns trigger language plpgsql as $$
declare
    taken text [] := array[
        'subject', 'resident_id', 'phone_e164', 'purged_at', 'pseudonymised_at', 'phone_hash', 'content_digest'
    ];
begin
    if current_user <> 'oshirase_purge' then
        raise exception 'only a purge takes personal data out of notice %', old.notice_id
            using errcode = 'insufficient_privilege';
    end if;
    if not (select s.is_settled from ledger.notice_state as s where s.state = old.state) then
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
create trigger notice_purge_is_narrow
before update of
campaign_run_id, campaign, subject, resident_id, phone_e164, text_id, parts, batch, scheduled_at, limited_at,
purged_at, pseudonymised_at, phone_hash, content_digest
on ledger.notice
for each row
when (
    (new.purged_at, new.pseudonymised_at, new.phone_hash, new.content_digest)
    is distinct from (old.purged_at, old.pseudonymised_at, old.phone_hash, old.content_digest)
    or (
        old.purged_at is not null and (
            old.campaign_run_id, old.campaign, old.subject, old.resident_id, old.phone_e164, old.text_id, old.parts,
            old.batch, old.scheduled_at, old.limited_at
        )
        is distinct from
        (
            new.campaign_run_id, new.campaign, new.subject, new.resident_id, new.phone_e164, new.text_id, new.parts,
            new.batch, new.scheduled_at, new.limited_at
        )
    )
)
execute function ledger.guard_purge();

drop trigger notice_content_is_fixed on ledger.notice;
create trigger notice_content_is_fixed
before update of
campaign_run_id, campaign, subject, resident_id, phone_e164, text_id, parts, batch, scheduled_at, limited_at
on ledger.notice
for each row
when (
    old.state not in ('planned', 'suppressed', 'held_out', 'deferred', 'expired')
    -- What a purge may do is for the other trigger to say.
    and (new.purged_at, new.pseudonymised_at) is not distinct from (old.purged_at, old.pseudonymised_at)
    and (
        (
            old.campaign_run_id, old.campaign, old.subject, old.resident_id, old.phone_e164, old.text_id, old.parts,
            old.batch, old.scheduled_at, old.limited_at
        )
        is distinct from
        (
            new.campaign_run_id, new.campaign, new.subject, new.resident_id, new.phone_e164, new.text_id, new.parts,
            new.batch, new.scheduled_at, new.limited_at
        )
    )
)
execute function ledger.refuse_changed_content();

-- Who looked somebody up stays; whom, after a longer time only as a hash.
drop trigger access_is_append_only on ledger.access;
create trigger access_is_append_only before delete or truncate on ledger.access
for each statement execute function ledger.refuse_change();
create function ledger.guard_access() returns trigger language plpgsql as $$
begin
    if
        current_user <> 'oshirase_purge'
        or to_jsonb(new) - array['resident_id', 'reason'] <> to_jsonb(old) - array['resident_id', 'reason']
        or old.resident_id like '#%' or new.resident_id is null or new.resident_id !~ '^#[0-9a-f]{64}$'
        or new.reason is distinct from old.reason and new.reason is not null
    then
        raise exception 'ledger.access is append-only' using errcode = 'insufficient_privilege';
    end if;
    return new;
end;
$$;
create trigger access_is_kept before update on ledger.access
for each row execute function ledger.guard_access();

grant usage on schema records, ledger to oshirase_purge;
grant select on all tables in schema records, ledger to oshirase_purge;
grant update (subject, resident_id, phone_e164, purged_at, pseudonymised_at, phone_hash, content_digest)
on ledger.notice to oshirase_purge;
grant update (purged_at, purge_ended_at, pseudonymised_at, pseudonymise_ended_at)
on ledger.campaign_run to oshirase_purge;
grant update (body) on ledger.message_text to oshirase_purge;
grant update (resident_id, reason) on ledger.access to oshirase_purge;
grant insert, select on ledger.purge to oshirase_purge;
grant select on ledger.purge to oshirase_campaign;
