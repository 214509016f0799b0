/*
name:    login/choose_login
purpose: Which user login/make_login makes, and its password as a SCRAM verifier; until the transaction ends.
grain:   one row
params:  login (text), verifier (text)
returns: login, verifier
*/
select
    set_config('oshirase.login', :login, true) as login,
    set_config('oshirase.verifier', :verifier, true) as verifier;
