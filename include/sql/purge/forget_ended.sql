/*
name:    purge/forget_ended
purpose: Delete some versions of a table's facts that ended long ago.
grain:   one row
params:  of_table (text), before (timestamptz), most (int)
returns: gone
*/
select records.forget_ended(:of_table ::text, :before ::timestamptz, :most ::int) as gone;
