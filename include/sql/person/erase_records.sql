/*
name:    person/erase_records
purpose: Delete everything that the records hold on a person. What is said of a number that others have too, and calls
         that a section counted, stay without the person.
grain:   one row per table
params:  ids (text[])
returns: table_name, facts
*/
with own_number as (
    select distinct c.phone_e164
    from records.contact as c
    where
        c.resident_id = any(:ids ::text []) and c.phone_e164 is not null
        and not exists (
            select 1
            from records.contact as other
            where other.phone_e164 = c.phone_e164 and other.resident_id <> all(:ids ::text [])
        )
),

gone_payment as (
    delete from records.payment as f
    where f.levy_id in (select l.levy_id from records.levy as l where l.obligor_id = any(:ids ::text []))
    returning 'payment' as table_name
),

gone_plan_instalment as (
    delete from records.plan_instalment as f
    where f.plan_id in (select p.plan_id from records.plan as p where p.obligor_id = any(:ids ::text []))
    returning 'plan_instalment' as table_name
),

gone_plan_levy as (
    delete from records.plan_levy as f
    where
        f.plan_id in (select p.plan_id from records.plan as p where p.obligor_id = any(:ids ::text []))
        or f.levy_id in (select l.levy_id from records.levy as l where l.obligor_id = any(:ids ::text []))
    returning 'plan_levy' as table_name
),

gone_resident as (
    delete from records.resident as f
    where f.resident_id = any(:ids ::text [])
    returning 'resident' as table_name
),

gone_contact as (
    delete from records.contact as f
    where f.resident_id = any(:ids ::text [])
    returning 'contact' as table_name
),

gone_enrolment as (
    delete from records.enrolment as f
    where f.resident_id = any(:ids ::text [])
    returning 'enrolment' as table_name
),

gone_levy as (
    delete from records.levy as f
    where f.obligor_id = any(:ids ::text [])
    returning 'levy' as table_name
),

gone_hold as (
    delete from records.hold as f
    where f.resident_id = any(:ids ::text [])
    returning 'hold' as table_name
),

gone_screening_voucher as (
    delete from records.screening_voucher as f
    where f.resident_id = any(:ids ::text [])
    returning 'screening_voucher' as table_name
),

gone_screening as (
    delete from records.screening as f
    where f.resident_id = any(:ids ::text [])
    returning 'screening' as table_name
),

gone_plan as (
    delete from records.plan as f
    where f.obligor_id = any(:ids ::text [])
    returning 'plan' as table_name
),

gone_id_change as (
    delete from records.id_change as f
    where f.old_id = any(:ids ::text []) or f.new_id = any(:ids ::text [])
    returning 'id_change' as table_name
),

gone_alias as (
    delete from records.alias as f
    where f.alias_id = any(:ids ::text []) or f.resident_id = any(:ids ::text [])
    returning 'alias' as table_name
),

gone_opt_out as (
    delete from records.opt_out as f
    where
        (
            f.resident_id = any(:ids ::text [])
            and (f.phone_e164 is null or f.phone_e164 in (select o.phone_e164 from own_number as o))
        )
        or (f.resident_id is null and f.phone_e164 in (select o.phone_e164 from own_number as o))
    returning 'opt_out' as table_name
),

kept_opt_out as (
    update records.opt_out as f
    set resident_id = null
    where
        f.resident_id = any(:ids ::text []) and f.phone_e164 is not null
        and f.phone_e164 not in (select o.phone_e164 from own_number as o)
    returning 'opt_out' as table_name
),

kept_inquiry as (
    update records.inquiry as f
    set resident_id = null
    where f.resident_id = any(:ids ::text [])
    returning 'inquiry' as table_name
),

erased as (
    select g.table_name from gone_payment as g
    union all
    select g.table_name from gone_plan_instalment as g
    union all
    select g.table_name from gone_plan_levy as g
    union all
    select g.table_name from gone_resident as g
    union all
    select g.table_name from gone_contact as g
    union all
    select g.table_name from gone_enrolment as g
    union all
    select g.table_name from gone_levy as g
    union all
    select g.table_name from gone_hold as g
    union all
    select g.table_name from gone_screening_voucher as g
    union all
    select g.table_name from gone_screening as g
    union all
    select g.table_name from gone_plan as g
    union all
    select g.table_name from gone_id_change as g
    union all
    select g.table_name from gone_alias as g
    union all
    select g.table_name from gone_opt_out as g
    union all
    select g.table_name from kept_opt_out as g
    union all
    select g.table_name from kept_inquiry as g
)

select
    e.table_name,
    count(*) as facts
from erased as e
group by e.table_name
order by e.table_name;
