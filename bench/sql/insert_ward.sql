/*
name:    bench/insert_ward
purpose: A fictional ward in which two in five heads of household have not paid the latest of four instalments: of
         1,000,000 residents, 200,000. Households of two; some numbers are landlines, some heads in consultation.
grain:   one row per payment
params:  residents (int)
returns: nothing
*/
with person as (
    select
        k,
        lpad(k::text, 10, '0') as resident_id,
        lpad(((k + 1) / 2)::text, 10, '0') as household_id,
        k % 2 = 1 as is_head,
        k % 19 = 0 as has_landline
    from generate_series(1, :residents ::int) as k
),

resident as (
    insert into records.resident (resident_id, household_id, is_head, birth_on, status, recorded_at)
    select
        p.resident_id,
        p.household_id,
        p.is_head,
        date '1945-01-01' + (p.k * 37 % 18000),
        'resident',
        '2026-06-01'
    from person as p
),

contact as (
    insert into records.contact (
        resident_id, contact_no, phone_raw, phone_e164, phone_type, unusable_reason, confirmed_on, recorded_at
    )
    select
        p.resident_id,
        1,
        '090' || right(p.resident_id, 8),
        case when not p.has_landline then '+8190' || right(p.resident_id, 8) end,
        case when p.has_landline then 'landline' else 'mobile' end,
        case when p.has_landline then 'landline' end,
        '2026-04-01',
        '2026-06-01'
    from person as p
),

enrolment as (
    insert into records.enrolment (resident_id, scheme, enrolled_on, recorded_at)
    select
        p.resident_id,
        'nhi',
        '2020-04-01',
        '2026-06-01'
    from person as p
),

hold as (
    insert into records.hold (hold_id, resident_id, kind, from_on, recorded_at)
    select
        'H' || p.resident_id,
        p.resident_id,
        'in_consultation',
        '2026-09-01',
        '2026-09-01'
    from person as p
    where p.k % 101 = 0
),

due as (
    select
        i.instalment,
        i.due_on::date as due_on
    from (values (1, '2026-06-30'), (2, '2026-07-31'), (3, '2026-08-31'), (4, '2026-09-30')) as i (instalment, due_on)
),

levy as (
    insert into records.levy (
        levy_id, scheme, obligor_id, levy_year, for_year, instalment, due_on, amount_yen, collection, recorded_at
    )
    select
        'L' || p.resident_id || d.instalment,
        'nhi',
        p.resident_id,
        2026,
        2026,
        d.instalment,
        d.due_on,
        12000,
        'ordinary',
        '2026-06-01'
    from person as p
    cross join due as d
    where p.is_head
)

insert into records.payment (payment_id, levy_id, amount_yen, paid_on, channel, stage, recorded_at)
select
    'P' || p.resident_id || d.instalment,
    'L' || p.resident_id || d.instalment,
    12000,
    d.due_on - 2,
    'convenience_store',
    'confirmed',
    d.due_on - 1
from person as p
cross join due as d
-- The latest one is not paid by two in five heads, each earlier one not by one in ten.
where p.is_head and case d.instalment when 4 then (p.k / 2) % 5 >= 2 else (p.k / 2 * 7 + d.instalment) % 10 > 0 end;
