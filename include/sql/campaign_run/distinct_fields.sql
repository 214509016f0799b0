/*
name:    campaign_run/distinct_fields
purpose: Every different text that has to be rendered.
grain:   one row per arm and set of fields among those who get a text
params:
returns: arm, fields
*/
select distinct
    s.arm,
    s.fields
from screened as s
where s.place is not null;
