/*
name:    schema/0005_approval
purpose: What binding an approval needs further: how many persons have to agree, who asked for a run, and planning a run
         anew as long as nothing of it was handed over.
*/
alter table ledger.campaign_run
add column approvals_needed smallint not null default 1 check (approvals_needed >= 1),
add column settings_digest text;

alter table ledger.approval
add column is_automatic boolean not null default false;

-- Who asked for a run or wrote its texts: where four eyes are asked for, none of them may approve it.
create table ledger.request (
    campaign_run_id uuid not null references ledger.campaign_run (campaign_run_id),
    asked_by text not null check (asked_by <> ''),
    kind text not null check (kind in ('triggered', 'backfilled', 'changed_text')),
    asked_at timestamptz not null,
    primary key (campaign_run_id, asked_by, kind)
);
grant select, insert on ledger.request to oshirase_campaign;
grant select on ledger.request to oshirase_ingest;
create trigger request_is_append_only before update or delete or truncate on ledger.request
for each statement execute function ledger.refuse_change();

-- Enough persons approved what the run says now.
create function ledger.is_approved(of_run uuid) returns boolean language sql stable as $$
    select exists (
        select 1
        from ledger.campaign_run as r
        where
            r.campaign_run_id = of_run
            and r.approvals_needed <= (
                select count(*)
                from ledger.approval as a
                where a.campaign_run_id = r.campaign_run_id and a.digest = r.digest and a.decision = 'approved'
            )
    )
$$;

-- Nothing of such a notice was handed over: planning its run anew may judge it otherwise.
alter table ledger.notice_state add column is_open boolean not null default false;
update ledger.notice_state set is_open = true
where state in ('planned', 'suppressed', 'held_out', 'deferred', 'expired');

insert into ledger.transition (from_state, to_state, meaning)
select
    was.state as from_state,
    becomes.state as to_state,
    'planned anew' as meaning
from ledger.notice_state as was
inner join ledger.notice_state as becomes on was.state <> becomes.state
where was.is_open and becomes.is_open and becomes.state <> 'expired'
on conflict do nothing;

-- Every insert and update is held against the permitted transitions, which know the states: once is enough.
alter table ledger.notice drop constraint notice_state_fkey;

drop trigger notice_content_is_fixed on ledger.notice;
create trigger notice_content_is_fixed
before update of
campaign_run_id, campaign, subject, resident_id, phone_e164, text_id, parts, batch, scheduled_at, limited_at
on ledger.notice
for each row
when (
    old.state not in ('planned', 'suppressed', 'held_out', 'deferred', 'expired') and (
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
