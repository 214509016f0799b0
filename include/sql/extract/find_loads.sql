/*
name:    extract/find_loads
purpose: What was loaded of an extract so far: whether this very file, as of when the newest one was, and the latest
         moment at which anything was recorded. One load at a time: the next one waits here.
grain:   one row
params:  extract (text), as_of (timestamptz), sha256 (bytea)
returns: is_loaded, newest_as_of, last_recorded_at
*/
select
    coalesce(bool_or(l.extract = :extract and l.as_of = :as_of and l.sha256 = :sha256), false) as is_loaded,
    max(l.as_of) filter (where l.extract = :extract) as newest_as_of,
    max(l.recorded_at) as last_recorded_at
from records.load as l;
