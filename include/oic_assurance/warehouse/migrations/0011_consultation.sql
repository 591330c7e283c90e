-- People look into raw records for one purpose at a time. The pipeline's login may act for either, with
-- that purpose's rights alone, and a look is entered in the log in the same transaction.

do $purposes$
declare
    purpose text;
begin
    foreach purpose in array array['general_processing', 'law_enforcement_processing']
    loop
        -- A role that somebody else made on this server is an administrator's to grant.
        if not pg_has_role(current_user, purpose, 'SET')
            and pg_has_role(current_user, purpose, 'MEMBER WITH ADMIN OPTION')
        then
            execute format('grant %I to current_user with set true, inherit false', purpose);
        end if;
    end loop;
end
$purposes$;

grant usage on schema audit to general_processing, law_enforcement_processing;
grant insert on audit.processing_log to general_processing, law_enforcement_processing;
grant usage on sequence audit.processing_log_log_id_seq
to general_processing, law_enforcement_processing;
