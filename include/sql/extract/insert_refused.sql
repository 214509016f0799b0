/*
name:    extract/insert_refused
purpose: Record that a file was refused, and why.
grain:   one row
params:  extract (text), file_name (text), code (text), message (text), refused_at (timestamptz)
returns: nothing
*/
insert into records.refused_file (extract, file_name, code, message, refused_at)
values (:extract, :file_name, :code, :message, :refused_at);
