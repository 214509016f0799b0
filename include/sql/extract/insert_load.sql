/*
name:    extract/insert_load
purpose: Record that a file was loaded.
grain:   one row
params:  extract (text), file_name (text), sha256 (bytea), as_of (timestamptz), rows_read (bigint),
         rows_loaded (bigint), rows_unchanged (bigint), rows_ended (bigint), recorded_at (timestamptz)
returns: load_id
*/
insert into records.load (
    extract, file_name, sha256, as_of, rows_read, rows_loaded, rows_unchanged, rows_ended, rows_rejected, recorded_at
)
values (
    :extract, :file_name, :sha256, :as_of, :rows_read, :rows_loaded, :rows_unchanged, :rows_ended, 0, :recorded_at
)
returning load_id;
