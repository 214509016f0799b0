/*
name:    cohort/households_unscreened
purpose: Households in which nobody is known to have been screened in the fiscal years before this one, nor in this one,
         with a member who may still go. One row a household: the member whose number is known, the head first.
grain:   one row per household
params:  as_of (date), known_at (timestamptz), from_age (int), to_age (int), years_before (int), wave (int)
returns: subject, resident_id, due_on, arrears_since, fields
fields:
*/
with this_year as (
    select
        y.fiscal_year,
        make_date(y.fiscal_year + 1, 3, 31) as ends_on
    from (select extract(year from (:as_of ::date - interval '3 months'))::int as fiscal_year) as y
),

-- Who reaches the first age by the end of the fiscal year, and is not past the last one yet.
eligible as (
    select
        r.resident_id,
        r.household_id,
        r.is_head,
        r.birth_on
    from this_year as y
    inner join records.screening_voucher as v on y.fiscal_year = v.fiscal_year
    inner join records.resident as r on v.resident_id = r.resident_id
    inner join records.enrolment as e on r.resident_id = e.resident_id
    where
        v.exclusion is null and v.posted_on <= :as_of
        and r.status = 'resident'
        and r.birth_on <= y.ends_on - make_interval(years => :from_age)
        and r.birth_on > :as_of - make_interval(years => :to_age + 1)
        and e.scheme = 'nhi' and e.enrolled_on <= :as_of and (e.left_on is null or e.left_on > :as_of)
        and v.recorded_at <= :known_at and v.superseded_at > :known_at
        and r.recorded_at <= :known_at and r.superseded_at > :known_at
        and e.recorded_at <= :known_at and e.superseded_at > :known_at
),

screened as (
    select distinct r.household_id
    from this_year as y
    inner join records.screening as s on s.fiscal_year between y.fiscal_year - :years_before and y.fiscal_year
    inner join records.resident as r on s.resident_id = r.resident_id
    where
        s.recorded_at <= :known_at and s.superseded_at > :known_at
        and r.recorded_at <= :known_at and r.superseded_at > :known_at
)

select distinct on (m.household_id)
    concat_ws('/', 'check_up', y.fiscal_year, :wave ::int, m.household_id) as subject,
    m.resident_id,
    null::date as due_on,
    null::date as arrears_since,
    '{}'::jsonb as fields
from eligible as m
cross join this_year as y
left join lateral records.best_contact(m.resident_id, :known_at) as contact on true
where not exists (select 1 from screened as s where s.household_id = m.household_id)
order by m.household_id, contact.phone_e164 is null, not m.is_head, m.birth_on, m.resident_id;
