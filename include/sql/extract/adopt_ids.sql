/*
name:    extract/adopt_ids
purpose: Bring what is known of a resident under one id, after ids were re-issued or merged.
grain:   one row
params:  now (timestamptz)
returns: adopt_ids
*/
select records.adopt_ids(:now ::timestamptz) as adopt_ids;
