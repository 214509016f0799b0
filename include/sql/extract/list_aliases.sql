/*
name:    extract/list_aliases
purpose: Every id of a resident that is not the one under which the records know the person.
grain:   one row per alias
params:
returns: alias_id, resident_id
*/
select
    alias_id,
    resident_id
from records.alias;
