/*
name:    schema/0006_lists
purpose: What the lists of a run's notices need: one index that gives the notices of any state in the order of their
         bookings, whatever the size of the run, and what of a notice may be shown to whoever may read its campaign.
*/

-- A notice without a booking stands behind all others. No 'infinity': Python knows no such moment.
create function ledger.booked_at(scheduled_at timestamptz) returns timestamptz
language sql immutable parallel safe as $$
    select coalesce(scheduled_at, timestamptz '9999-01-01 00:00:00+00')
$$;

-- A state's notices by booking. Several states are merged from their beginnings.
create index notice_listed on ledger.notice (campaign_run_id, state, ledger.booked_at(scheduled_at), notice_id);

create function ledger.mask_phone(phone_e164 text) returns text language sql immutable parallel safe as $$
    select '0' || substr(phone_e164, 4, 2) || '-****-' || right(phone_e164, 4)
$$;

-- What a person looks for among the notices of a run; null: no matter. Inlined by the planner.
create function ledger.is_wanted(
    n ledger.notice, of_reason text, of_arm text, by_carrier text, last_four text, first_id uuid, last_id uuid
) returns boolean language sql immutable parallel safe as $$
    select
        (of_reason is null or n.reason = of_reason)
        and (of_arm is null or n.arm = of_arm)
        and (by_carrier is null or coalesce(n.carrier, 'unknown') = by_carrier)
        and (last_four is null or right(n.phone_e164, 4) = last_four)
        and (first_id is null or n.notice_id between first_id and last_id)
$$;

-- A notice as lists show it: no resident, the number masked.
create view ledger.listed_notice as
select
    n.notice_id,
    n.campaign_run_id,
    n.state,
    n.reason,
    n.arm,
    t.version,
    n.scheduled_at,
    n.handed_over_at,
    n.received_at,
    n.carrier,
    n.attempt,
    n.state_changed_at,
    o.settled_on,
    ledger.mask_phone(n.phone_e164) as phone_masked
from ledger.notice as n
left join ledger.message_text as t on n.text_id = t.text_id
left join ledger.outcome as o on n.notice_id = o.notice_id and o.kind = 'settled';
grant select on ledger.listed_notice to oshirase_campaign;
