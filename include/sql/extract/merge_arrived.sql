/*
name:    extract/merge_arrived
purpose: Compare what arrived with what is known, and record what differs.
grain:   one row
params:  of_table (text), key (text[]), now (timestamptz), ends_missing (bool)
returns: rows_changed, rows_unchanged, rows_ended
*/
select
    rows_changed,
    rows_unchanged,
    rows_ended
from records.merge_arrived(:of_table ::text, :key ::text [], :now ::timestamptz, :ends_missing ::bool);
