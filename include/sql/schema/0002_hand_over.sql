/*
name:    schema/0002_hand_over
purpose: What handing over exactly once needs further: one pace for all processes, and what became of a cancellation.
*/

-- The next free moment for a call to a gateway, by this database's own clock, whoever calls.
create table ledger.gateway_pace (
    gateway text not null primary key,
    next_at timestamptz not null,
    -- The gateway asked everybody to wait until then (Retry-After).
    blocked_until timestamptz not null default '-infinity'
);
grant select, insert, update on ledger.gateway_pace to oshirase_campaign;

-- The last attempt to cancel a booking. Anything but 'cancelled' is the crossing case: the message may still arrive.
alter table ledger.notice
add column cancel_reason text,
add column cancel_outcome text check (cancel_outcome in ('cancelled', 'too_late', 'refused', 'unanswered')),
add column cancel_tried_at timestamptz;
