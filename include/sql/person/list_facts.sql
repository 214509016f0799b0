/*
name:    person/list_facts
purpose: Everything that the records hold on a person, every version of it; nothing of the others of the household.
grain:   one row per version of a fact
params:  ids (text[])
returns: table_name, fact, recorded_at
*/
select
    'resident' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.resident as f
where f.resident_id = any(:ids ::text [])
union all
select
    'contact' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.contact as f
where f.resident_id = any(:ids ::text [])
union all
select
    'enrolment' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.enrolment as f
where f.resident_id = any(:ids ::text [])
union all
select
    'levy' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.levy as f
where f.obligor_id = any(:ids ::text [])
union all
select
    'hold' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.hold as f
where f.resident_id = any(:ids ::text [])
union all
select
    'screening_voucher' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.screening_voucher as f
where f.resident_id = any(:ids ::text [])
union all
select
    'screening' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.screening as f
where f.resident_id = any(:ids ::text [])
union all
select
    'opt_out' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.opt_out as f
where f.resident_id = any(:ids ::text [])
union all
select
    'inquiry' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.inquiry as f
where f.resident_id = any(:ids ::text [])
union all
select
    'plan' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.plan as f
where f.obligor_id = any(:ids ::text [])
union all
select
    'payment' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.payment as f
where f.levy_id in (select l.levy_id from records.levy as l where l.obligor_id = any(:ids ::text []))
union all
select
    'plan_instalment' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.plan_instalment as f
where f.plan_id in (select p.plan_id from records.plan as p where p.obligor_id = any(:ids ::text []))
union all
select
    'plan_levy' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.plan_levy as f
where f.plan_id in (select p.plan_id from records.plan as p where p.obligor_id = any(:ids ::text []))
union all
select
    'id_change' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.id_change as f
where f.old_id = any(:ids ::text []) or f.new_id = any(:ids ::text [])
union all
select
    'opt_out' as table_name,
    to_jsonb(f) as fact,
    f.recorded_at
from records.opt_out as f
where
    f.resident_id is null and f.phone_e164 in (
        select c.phone_e164
        from records.contact as c
        where c.resident_id = any(:ids ::text [])
    )
order by table_name, recorded_at;
