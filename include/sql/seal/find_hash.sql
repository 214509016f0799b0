/*
name:    seal/find_hash
purpose: The hash of one seal.
grain:   at most one row
params:  seq (bigint)
returns: hash
*/
select s.hash
from ledger.seal as s
where s.seq = :seq;
