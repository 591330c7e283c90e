-- No statement is refused for the word "explain" any more (docs/decisions/0082-a-plan-may-be-seen.md). The functions that called
-- this one are made again in the transaction of the migrations.

set local role oic_audience;
drop function limited.refuse_explain();
reset role;
