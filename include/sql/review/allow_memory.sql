/*
name:    review/allow_memory
purpose: Room in memory for the next statements of this transaction: without it a run of 200,000 notices is sorted on
         disk instead of being counted in one go.
grain:   one row
params:
returns: set_config
*/
select set_config('work_mem', '64MB', true);
