/*
name:    alert/list_heartbeats
purpose: When each upkeep DAG did its work last, and by when it is to do so again.
grain:   one row per DAG that ever did
params:
returns: name, beaten_at, late_at
*/
select
    h.name,
    h.beaten_at,
    h.late_at
from ledger.heartbeat as h
order by h.name;
