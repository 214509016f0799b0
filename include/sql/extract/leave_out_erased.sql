/*
name:    extract/leave_out_erased
purpose: Take out of what arrived whoever was erased.
grain:   one row
params:  of_table (text), key (bytea)
returns: left_out
*/
select records.leave_out_erased(:of_table ::text, :key ::bytea) as left_out;
