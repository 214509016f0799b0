/*
name:    extract/has_erasures
purpose: Whether anybody was ever erased: then loads have to look.
grain:   one row
params:
returns: has_erasures
*/
select exists(select 1 from ledger.erasure) as has_erasures;
