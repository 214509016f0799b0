/*
name:    campaign_run/find_foreign_subjects
purpose: First parts of subjects in the cohort that the campaign must not have: they would be settled by other rules
         than the campaign means.
grain:   one row per first part
params:  permitted (text[])
returns: first_part
*/
select distinct split_part(c.subject, '/', 1) as first_part
from cohort as c
where split_part(c.subject, '/', 1) <> all(:permitted ::text []);
