/*
name:    bench/insert_debtors
purpose: Fictional obligors with running numbers, each with a confirmed mobile number and one unpaid instalment.
grain:   one row per levy
params:  first_number (int), last_number (int)
returns: nothing
*/
with resident as (
    insert into records.resident (resident_id, household_id, is_head, birth_on, status, recorded_at)
    select
        lpad(k::text, 10, '0'),
        lpad(k::text, 10, '0'),
        true,
        '1980-01-02',
        'resident',
        '2026-06-01'
    from generate_series(:first_number ::int, :last_number ::int) as k
    returning resident_id
),

enrolment as (
    insert into records.enrolment (resident_id, scheme, enrolled_on, recorded_at)
    select
        r.resident_id,
        'nhi',
        '2020-04-01',
        '2026-06-01'
    from resident as r
),

contact as (
    insert into records.contact (
        resident_id, contact_no, phone_raw, phone_e164, phone_type, confirmed_on, recorded_at
    )
    select
        r.resident_id,
        1,
        '090' || right(r.resident_id, 8),
        '+8190' || right(r.resident_id, 8),
        'mobile',
        '2026-04-01',
        '2026-06-01'
    from resident as r
    returning resident_id
)

insert into records.levy (
    levy_id, scheme, obligor_id, levy_year, for_year, instalment, due_on, amount_yen, collection, recorded_at
)
select
    'L' || c.resident_id,
    'nhi',
    c.resident_id,
    2026,
    2026,
    4,
    '2026-09-30',
    12000,
    'ordinary',
    '2026-06-01'
from contact as c;
