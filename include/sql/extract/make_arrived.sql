/*
name:    extract/make_arrived
purpose: Make this transaction's workspace for one file, and count what is known already.
grain:   one row
params:  of_table (text), columns (text[]), key (text[])
returns: known
*/
select records.make_arrived(:of_table ::text, :columns ::text [], :key ::text []) as known;
