/*
name:    campaign_run/preview_messages
purpose: How many of those who get a booking get each text.
grain:   one row per arm and set of fields among the first of the line
params:  recipients (int)
returns: arm, fields, messages
*/
select
    s.arm,
    s.fields,
    count(*) as messages
from screened as s
where s.place <= :recipients
group by s.arm, s.fields;
