/*
name:    cohort/public_notice
purpose: Residents of an age group, for an announcement that is made once a fiscal year.
grain:   one row per resident
params:  as_of (date), known_at (timestamptz), topic (text), from_age (int), to_age (int)
returns: subject, resident_id, due_on, arrears_since, fields
fields:
*/
select
    concat_ws(
        '/', 'public_notice', :topic ::text, extract(year from (:as_of ::date - interval '3 months')), r.resident_id
    ) as subject,
    r.resident_id,
    null::date as due_on,
    null::date as arrears_since,
    '{}'::jsonb as fields
from records.resident as r
where
    r.status = 'resident'
    and r.birth_on <= :as_of - make_interval(years => :from_age)
    and r.birth_on > :as_of - make_interval(years => :to_age + 1)
    and r.recorded_at <= :known_at and r.superseded_at > :known_at;
