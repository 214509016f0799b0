/*
name:    cohort/plan_default
purpose: Obligors of current payment plans who are behind: what has been received since the agreement is less than what
         the plan says is due by now.
grain:   one row per plan
params:  as_of (date), known_at (timestamptz)
returns: subject, resident_id, due_on, arrears_since, fields
fields:  due_on (date)
*/
with received as (
    select
        pl.plan_id,
        sum(pay.amount_yen) as paid_yen
    from records.plan as p
    inner join records.plan_levy as pl on p.plan_id = pl.plan_id
    inner join records.payment as pay on pl.levy_id = pay.levy_id
    where
        pay.paid_on >= p.agreed_on
        and p.recorded_at <= :known_at and p.superseded_at > :known_at
        and pl.recorded_at <= :known_at and pl.superseded_at > :known_at
        and pay.recorded_at <= :known_at and pay.superseded_at > :known_at
    group by pl.plan_id
),

due as (
    select
        p.plan_id,
        p.obligor_id,
        i.instalment,
        i.due_on,
        sum(i.amount_yen) over (partition by p.plan_id order by i.instalment) as due_yen,
        coalesce(r.paid_yen, 0) as paid_yen
    from records.plan as p
    inner join records.plan_instalment as i on p.plan_id = i.plan_id
    left join received as r on p.plan_id = r.plan_id
    where
        p.status = 'active' and i.due_on < :as_of
        and p.recorded_at <= :known_at and p.superseded_at > :known_at
        and i.recorded_at <= :known_at and i.superseded_at > :known_at
),

behind as (
    select
        d.plan_id,
        d.obligor_id,
        max(d.due_on) as due_on,
        min(d.due_on) as arrears_since,
        'plan/' || d.plan_id || '/' || max(d.instalment)::text as subject
    from due as d
    where d.due_yen > d.paid_yen
    group by d.plan_id, d.obligor_id
)

select
    b.subject,
    b.obligor_id as resident_id,
    b.due_on,
    b.arrears_since,
    jsonb_build_object('due_on', b.due_on) as fields
from behind as b;
