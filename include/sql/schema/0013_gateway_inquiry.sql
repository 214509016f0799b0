/*
name:    schema/0013_gateway_inquiry
purpose: What a restored ledger has forgotten is asked of the gateway: how far it has been asked, and the messages that
         were found there and of which the ledger knows no notice.
*/

-- One round of asking a gateway for all that it took between two moments; it goes on where it was broken off.
create table ledger.gateway_inquiry (
    gateway_inquiry_id bigint not null primary key generated always as identity,
    gateway text not null,
    since_at timestamptz not null,
    until_at timestamptz not null,
    read_until timestamptz not null,
    asked_at timestamptz not null,
    asked_by text not null check (asked_by <> ''),
    finished_at timestamptz,
    check (since_at < until_at and read_until between since_at and until_at),
    check (finished_at is null or read_until = until_at)
);
grant select, insert on ledger.gateway_inquiry to oshirase_campaign;
grant update (read_until, finished_at) on ledger.gateway_inquiry to oshirase_campaign;
grant select on ledger.gateway_inquiry to oshirase_ingest;

-- A message with a tag of ours that belongs to no notice of the ledger, or is a second one of a notice.
create table ledger.foreign_message (
    gateway text not null,
    gateway_message_id text not null,
    -- What its tags say; a notice and a run that the ledger has forgotten.
    notice_id uuid not null,
    campaign_run_id uuid,
    phone_e164 text not null,
    state text not null,
    accepted_at timestamptz not null,
    scheduled_at timestamptz,
    found_at timestamptz not null,
    found_by text not null,
    -- A person's word that its telephone may be reminded again.
    cleared_at timestamptz,
    cleared_by text check (cleared_by not in ('', 'Anonymous')),
    cleared_reason text check (cleared_reason <> ''),
    primary key (gateway, gateway_message_id),
    check (
        (cleared_at is null) = (cleared_by is null) and (cleared_at is null) = (cleared_reason is null)
    )
);
create index foreign_message_phone on ledger.foreign_message (phone_e164) where cleared_at is null;
grant select, insert on ledger.foreign_message to oshirase_campaign;
grant update (state, cleared_at, cleared_by, cleared_reason) on ledger.foreign_message to oshirase_campaign;
grant select on ledger.foreign_message to oshirase_ingest;
create trigger foreign_message_is_never_deleted before delete or truncate on ledger.foreign_message
for each statement execute function ledger.refuse_change();

-- Whether a message that the ledger does not know may have reminded a telephone of something that was due on a day.
-- What fell due after the message was taken cannot have been its matter; without a day it may have been.
create function ledger.has_foreign_message(of_phone text, due_on date) returns boolean language sql stable as $$
    select exists (
        select 1
        from ledger.foreign_message as m
        where
            m.phone_e164 = of_phone and m.cleared_at is null and m.state <> 'cancelled'
            and (due_on is null or m.accepted_at >= due_on::timestamp at time zone 'Asia/Tokyo')
    )
$$;

insert into ledger.transition (from_state, to_state, meaning) values
('planned', 'accepted', 'found at the gateway after a restore')
on conflict do nothing;
