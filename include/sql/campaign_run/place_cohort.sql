/*
name:    campaign_run/place_cohort
purpose: What becomes of everybody in the workspace: suppressed, held out, deferred, or planned with text, batch and
         booking.
grain:   one row per cohort member, into the workspace
params:  batch_size (int), first_batch (int), most_recipients (int),
         text_arms (text[]), text_fields (text[]), text_ids (text[]), text_parts (int[]),
         slot_starts (text[]), slot_ends (text[]), slot_limits (text[]), slot_capacities (int[])
returns: nothing
*/
insert into placed (
    subject, resident_id, due_on, phone_e164, state, reason, arm, text_id, parts, batch, scheduled_at, limited_at
)
with rendered as (
    select
        t.arm,
        t.fields::jsonb as fields,
        t.text_id::uuid as text_id,
        t.parts
    from
        unnest(:text_arms ::text [], :text_fields ::text [], :text_ids ::text [], :text_parts ::int [])
        as t (arm, fields, text_id, parts)
),

slot as (
    select
        k.starts_at::timestamptz as starts_at,
        k.ends_at::timestamptz as ends_at,
        k.limited_at::timestamptz as limited_at,
        k.capacity,
        sum(k.capacity) over (order by k.starts_at::timestamptz) as upto
    from
        unnest(:slot_starts ::text [], :slot_ends ::text [], :slot_limits ::text [], :slot_capacities ::int [])
        as k (starts_at, ends_at, limited_at, capacity)
),

-- So many of the line get a booking.
room as (
    select least(:most_recipients ::int, coalesce(max(k.upto), 0)) as recipients
    from slot as k
),

-- The hold-out is cut where the line is, and has the times that its places would have: else the two could not be
-- compared.
standing as (
    select
        s.*,
        r.recipients,
        case when s.ahead is not null then least(s.ahead + 1, r.recipients) else s.place end as turn
    from screened as s
    cross join room as r
),

booked as (
    select
        s.*,
        slot.limited_at,
        slot.starts_at + date_trunc(
            'second',
            (slot.ends_at - slot.starts_at) * ((s.turn - 1 - (slot.upto - slot.capacity))::float8 / slot.capacity)
        ) as scheduled_at
    from standing as s
    left join slot
        on s.turn > slot.upto - slot.capacity and s.turn <= slot.upto and s.turn <= s.recipients
)

select
    p.subject,
    p.resident_id,
    p.due_on,
    p.phone_e164,
    case
        when p.reason is not null then 'suppressed'
        when p.ahead <= p.recipients then 'held_out'
        when p.ahead is not null or p.scheduled_at is null then 'deferred'
        else 'planned'
    end as state,
    p.reason,
    p.arm,
    case when p.scheduled_at is not null then r.text_id end as text_id,
    case when p.scheduled_at is not null then r.parts end as parts,
    case when p.scheduled_at is not null then (p.place - 1) / :batch_size + :first_batch end as batch,
    case when coalesce(p.ahead, 0) <= p.recipients then p.scheduled_at end as scheduled_at,
    case when p.place is not null then p.limited_at end as limited_at
from booked as p
left join rendered as r on p.arm = r.arm and p.fields = r.fields;
