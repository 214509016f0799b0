/*
name:    campaign_run/count_places
purpose: How many stand in the line for a text.
grain:   one row
params:
returns: places
*/
select count(s.place) as places
from screened as s;
