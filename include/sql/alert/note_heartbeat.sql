/*
name:    alert/note_heartbeat
purpose: Keep that a DAG has done its work, and by when it is to do so again.
grain:   one row
params:  name (text), beaten_at (timestamptz), late_at (timestamptz)
returns: nothing
*/
insert into ledger.heartbeat (name, beaten_at, late_at)
values (:name, :beaten_at, :late_at)
on conflict (name) do update set beaten_at = excluded.beaten_at, late_at = excluded.late_at;
