/*
name:    extract/newest_as_of
purpose: The moment as of which each extract was loaded last.
grain:   one row per extract asked for that was ever loaded
params:  extracts (text[])
returns: extract, as_of
*/
select
    l.extract,
    max(l.as_of) as as_of
from records.load as l
where l.extract = any(:extracts ::text [])
group by l.extract;
