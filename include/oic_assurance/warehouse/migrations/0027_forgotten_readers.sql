-- A reader may stay with an old publication for hours: nothing waits for him. But as long as he
-- stays no generation that he could look at is set aside, and no dead row is cleaned up. So a session
-- that was forgotten in a transaction is ended, of whatever login: that bounds what it costs.

do $forgotten$
begin
    execute format(
        'alter database %I set idle_in_transaction_session_timeout = %L', current_database(), '12h'
    );
end
$forgotten$;
