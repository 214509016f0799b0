/*
name:    effect/count_take_up
purpose: Take-up of the specific health check-up in a fiscal year: of who has a voucher and is not excluded, how many
         were screened, until a day and in all.
grain:   one row
params:  fiscal_year (int), until (date), known_at (timestamptz)
returns: eligible, screened_until, screened
*/
select
    count(*) as eligible,
    count(*) filter (where s.screened_on <= :until ::date) as screened_until,
    count(s.screened_on) as screened
from records.screening_voucher as v
left join records.screening as s
    on
        v.resident_id = s.resident_id and v.fiscal_year = s.fiscal_year
        and s.recorded_at <= :known_at and s.superseded_at > :known_at
where
    v.fiscal_year = :fiscal_year and v.exclusion is null
    and v.recorded_at <= :known_at and v.superseded_at > :known_at;
