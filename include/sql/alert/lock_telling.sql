/*
name:    alert/lock_telling
purpose: The right to tell by one way until this transaction ends; false: somebody else is telling by it just now.
grain:   one row
params:  way (text)
returns: is_ours
*/
select pg_try_advisory_xact_lock(hashtextextended('oshirase/alert/' || :way ::text, 0)) as is_ours;
