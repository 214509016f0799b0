/*
name:    seal/lock_chain
purpose: One process at a time adds to the chain of seals, until its transaction ends.
grain:   one row
params:
returns: lock_chain
*/
select pg_advisory_xact_lock(hashtextextended('oshirase/seal', 0)) as lock_chain;
