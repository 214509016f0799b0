/*
name:    extract/find_loads
purpose: What was loaded of an extract so far: the load of this very file and how many rows it rejected, as of when the
         newest one was, and the latest moment at which anything was recorded.
grain:   one row
params:  extract (text), as_of (timestamptz), sha256 (bytea)
returns: load_id, rows_rejected, newest_as_of, last_recorded_at
*/
select
    max(l.load_id) filter (where l.extract = :extract and l.as_of = :as_of and l.sha256 = :sha256) as load_id,
    max(l.rows_rejected) filter (
        where l.extract = :extract and l.as_of = :as_of and l.sha256 = :sha256
    ) as rows_rejected,
    max(l.as_of) filter (where l.extract = :extract) as newest_as_of,
    max(l.recorded_at) as last_recorded_at
from records.load as l;
