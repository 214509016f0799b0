/*
name:    campaign_run/distinct_fields
purpose: Every different text that has to be rendered, and for how many.
grain:   one row per arm and set of fields among those who get a text
params:
returns: arm, fields, recipients
*/
select
    s.arm,
    s.fields,
    count(*) as recipients
from screened as s
where s.place is not null
group by s.arm, s.fields;
