/*
name:    extract/keep_rejected
purpose: Keep the rejected rows of a load, and their number with the load.
grain:   one row
params:  load_id (bigint), codes (text[]), sentences (text[])
returns: rows_rejected
*/
update records.load
set rows_rejected = records.keep_rejected(:load_id ::bigint, :codes ::text [], :sentences ::text [])
where load_id = :load_id
returning rows_rejected;
