/*
name:    schema/0001_ledger
purpose: What we did: campaign runs, notices, every change of their state, approvals, receipts. The guarantees live
         here: permitted transitions, an event log that only the database writes, one live notice per campaign and
         subject.
*/
create schema if not exists ledger;

create table ledger.campaign_run (
    campaign_run_id uuid not null primary key default gen_random_uuid(),
    campaign text not null,
    occurrence_on date not null,
    occurrence_at timestamptz not null,
    opened_at timestamptz not null,
    opened_by text not null,
    -- Null until composed; the approval is bound to it.
    digest text,
    composed_at timestamptz,
    closed_as text check (closed_as in ('rejected', 'expired', 'stopped')),
    closed_at timestamptz,
    closed_by text,
    closed_reason text,
    unique (campaign, occurrence_on),
    check ((closed_as is null) = (closed_at is null))
);

create table ledger.message_text (
    text_id uuid not null primary key default gen_random_uuid(),
    campaign_run_id uuid not null references ledger.campaign_run (campaign_run_id),
    variant text not null,
    version integer not null,
    body text not null,
    parts smallint not null check (parts >= 1),
    unique (campaign_run_id, variant, body)
);

create table ledger.batch (
    campaign_run_id uuid not null references ledger.campaign_run (campaign_run_id),
    batch integer not null,
    notices integer not null,
    digest text not null,
    primary key (campaign_run_id, batch)
);

create table ledger.approval (
    approval_id bigint not null primary key generated always as identity,
    campaign_run_id uuid not null references ledger.campaign_run (campaign_run_id),
    digest text not null,
    decision text not null check (decision in ('approved', 'rejected')),
    decided_by text not null check (decided_by not in ('', 'Anonymous')),
    decided_at timestamptz not null,
    reason text,
    unique (campaign_run_id, digest, decided_by)
);

create table ledger.notice_state (
    state text not null primary key,
    -- An SMS may have gone out, or may yet go.
    is_live boolean not null,
    -- Nothing more happens by itself.
    is_settled boolean not null
);
insert into ledger.notice_state (state, is_live, is_settled) values
('planned', true, false),
('claimed', true, false),
('unknown', true, false),
('accepted', true, false),
('delivered', true, true),
('undelivered', true, true),
('failed', true, true),
('suppressed', false, true),
('held_out', false, true),
('deferred', false, true),
('rejected', false, true),
('cancelled', false, true),
('expired', false, true);

-- Each way a notice may go. 'new' stands for the row's insertion.
create table ledger.transition (
    from_state text not null,
    to_state text not null references ledger.notice_state (state),
    meaning text not null,
    primary key (from_state, to_state)
);
insert into ledger.transition (from_state, to_state, meaning) values
('new', 'planned', 'passed the screening'),
('new', 'suppressed', 'a reason not to send was found'),
('new', 'held_out', 'randomised to no text'),
('new', 'deferred', 'over the cap: the next occurrence'),
('planned', 'claimed', 'taken for handing over'),
('planned', 'suppressed', 'settled since it was planned'),
('planned', 'expired', 'the run was rejected, not answered, stale or stopped, or its window closed'),
('claimed', 'accepted', 'the gateway took it'),
('claimed', 'rejected', 'the gateway refused it'),
('claimed', 'unknown', 'no answer that can be trusted'),
('claimed', 'planned', 'given back: surely not taken by the gateway'),
('unknown', 'accepted', 'found at the gateway'),
('unknown', 'planned', 'a person decided to send it again'),
('accepted', 'delivered', 'received by the telephone'),
('accepted', 'undelivered', 'the telephone was not reached'),
('accepted', 'failed', 'the gateway could not send it'),
('accepted', 'cancelled', 'the gateway cancelled the booking'),
('undelivered', 'delivered', 'a late receipt'),
('failed', 'delivered', 'a late receipt'),
('cancelled', 'delivered', 'a receipt that contradicts the cancellation');

create table ledger.notice (
    notice_id uuid not null primary key default gen_random_uuid(),
    campaign_run_id uuid not null references ledger.campaign_run (campaign_run_id),
    campaign text not null,
    subject text not null,
    resident_id text not null,
    due_on date,
    phone_e164 text,
    state text not null references ledger.notice_state (state),
    reason text,
    -- What the screening and the composition gave it.
    arm text,
    text_id uuid references ledger.message_text (text_id),
    parts smallint,
    batch integer,
    scheduled_at timestamptz,
    limited_at timestamptz,
    -- The hand-over: who holds it and until when, and what the gateway called it.
    gateway text,
    attempt smallint not null default 0,
    claim_id uuid,
    claimed_by text,
    lease_until timestamptz,
    handed_over_at timestamptz,
    gateway_message_id text,
    -- What the receipts say.
    carrier text,
    charged_parts smallint,
    sent_at timestamptz,
    received_at timestamptz,
    state_changed_at timestamptz not null,
    state_changed_by text not null,
    unique (campaign_run_id, subject),
    check (
        state in ('suppressed', 'held_out', 'deferred', 'expired')
        or (phone_e164 is not null and text_id is not null and batch is not null)
    ),
    check (state not in ('suppressed', 'rejected', 'cancelled', 'expired', 'failed') or reason is not null),
    check (state <> 'claimed' or (claim_id is not null and lease_until is not null and gateway is not null))
);

-- Invariant 1: nobody gets the same reminder twice.
create unique index notice_one_live_per_subject on ledger.notice (campaign, subject)
where state in ('planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed');

-- One message per telephone and run.
create unique index notice_one_live_per_phone on ledger.notice (campaign_run_id, phone_e164)
where state in ('planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed');

create unique index notice_gateway_message on ledger.notice (gateway, gateway_message_id)
where gateway_message_id is not null;
create index notice_run_batch_planned on ledger.notice (campaign_run_id, batch, scheduled_at) where state = 'planned';
create index notice_open on ledger.notice (state, campaign_run_id) where state in ('claimed', 'unknown', 'accepted');
create index notice_phone on ledger.notice (phone_e164) where phone_e164 is not null;
create index notice_resident on ledger.notice (resident_id);

create table ledger.notice_event (
    event_id bigint not null primary key generated always as identity,
    notice_id uuid not null,
    campaign_run_id uuid not null,
    from_state text not null,
    to_state text not null,
    reason text,
    attempt smallint not null,
    changed_by text not null,
    changed_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp()
);
create index notice_event_notice on ledger.notice_event (notice_id, event_id);
create index notice_event_run on ledger.notice_event (campaign_run_id, event_id);

create table ledger.receipt (
    receipt_id bigint not null primary key generated always as identity,
    notice_id uuid not null references ledger.notice (notice_id),
    gateway text not null,
    gateway_message_id text not null,
    result text not null,
    status text not null,
    sent_result text not null,
    carrier text,
    charged_parts smallint,
    sent_at timestamptz,
    received_at timestamptz,
    gateway_updated_at timestamptz not null,
    recorded_at timestamptz not null,
    unique (gateway, gateway_message_id, gateway_updated_at, result, status, sent_result)
);
create index receipt_notice on ledger.receipt (notice_id);

-- What became known after the hand-over: the subject was settled, and when.
create table ledger.outcome (
    notice_id uuid not null references ledger.notice (notice_id),
    kind text not null check (kind in ('settled')),
    settled_on date not null,
    recorded_at timestamptz not null,
    primary key (notice_id, kind)
);

-- Digest of each batch of a run over what its notices say, to whom and when; the key keeps numbers from being guessed.
create function ledger.batch_digests(of_run uuid, key bytea)
returns table (batch integer, notices integer, digest text) language sql stable as $$
    select
        n.batch,
        count(*)::integer as notices,
        encode(sha256(key || string_agg(
            sha256(key || convert_to(concat_ws(
                '/', n.notice_id, n.subject, n.phone_e164, t.body,
                extract(epoch from n.scheduled_at), extract(epoch from n.limited_at)
            ), 'UTF8')), ''::bytea order by n.notice_id
        )), 'hex') as digest
    from ledger.notice as n
    inner join ledger.message_text as t on n.text_id = t.text_id
    where n.campaign_run_id = of_run and n.batch is not null
    group by n.batch
$$;

-- Every insert and update passes here once a statement: the way must be a permitted one, and is logged.
create function ledger.log_new_notices() returns trigger language plpgsql security definer
set search_path = pg_catalog, ledger as $$
declare
    forbidden record;
begin
    select n.state into forbidden
    from new_notice as n
    where not exists (
        select 1 from ledger.transition as t where t.from_state = 'new' and t.to_state = n.state
    )
    limit 1;
    if found then
        raise exception 'notice transition new -> % is not permitted', forbidden.state using errcode = 'check_violation';
    end if;
    insert into ledger.notice_event (
        notice_id, campaign_run_id, from_state, to_state, reason, attempt, changed_by, changed_at
    )
    select n.notice_id, n.campaign_run_id, 'new', n.state, n.reason, n.attempt, n.state_changed_by, n.state_changed_at
    from new_notice as n;
    return null;
end;
$$;

create function ledger.log_changed_notices() returns trigger language plpgsql security definer
set search_path = pg_catalog, ledger as $$
declare
    forbidden record;
begin
    select o.state as from_state, n.state as to_state into forbidden
    from new_notice as n
    inner join old_notice as o on n.notice_id = o.notice_id
    where n.state <> o.state and not exists (
        select 1 from ledger.transition as t where t.from_state = o.state and t.to_state = n.state
    )
    limit 1;
    if found then
        raise exception 'notice transition % -> % is not permitted', forbidden.from_state, forbidden.to_state
            using errcode = 'check_violation';
    end if;
    insert into ledger.notice_event (
        notice_id, campaign_run_id, from_state, to_state, reason, attempt, changed_by, changed_at
    )
    select
        n.notice_id, n.campaign_run_id, o.state, n.state, n.reason, n.attempt, n.state_changed_by, n.state_changed_at
    from new_notice as n
    inner join old_notice as o on n.notice_id = o.notice_id
    where (n.state, n.reason, n.attempt) is distinct from (o.state, o.reason, o.attempt);
    return null;
end;
$$;

create trigger notice_inserted after insert on ledger.notice
referencing new table as new_notice
for each statement execute function ledger.log_new_notices();

create trigger notice_updated after update on ledger.notice
referencing old table as old_notice new table as new_notice
for each statement execute function ledger.log_changed_notices();

-- What somebody approved and what has been handed over stays as it was.
create function ledger.refuse_changed_content() returns trigger language plpgsql as $$
begin
    raise exception 'what notice % says, to whom and when, is fixed once it left the state planned', old.notice_id
        using errcode = 'check_violation';
end;
$$;
create trigger notice_content_is_fixed
before update of
campaign_run_id, campaign, subject, resident_id, phone_e164, text_id, parts, batch, scheduled_at, limited_at
on ledger.notice
for each row
when (
    old.state <> 'planned' and (
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

create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end;
$$;
create trigger notice_event_is_append_only before update or delete or truncate on ledger.notice_event
for each statement execute function ledger.refuse_change();
create trigger approval_is_append_only before update or delete or truncate on ledger.approval
for each statement execute function ledger.refuse_change();
create trigger notice_is_never_deleted before delete or truncate on ledger.notice
for each statement execute function ledger.refuse_change();
