/*
name:    effect/record_calls
purpose: Keep how many calls a section counted on a day.
grain:   one row
params:  section (text), received_on (date), calls (int), now (timestamptz), by (text)
returns: nothing
*/
insert into ledger.call_count (section, received_on, calls, recorded_by, recorded_at)
values (:section, :received_on, :calls, :by, :now);
