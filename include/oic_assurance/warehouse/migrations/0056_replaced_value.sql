-- A text that breaks the rules of its column can be replaced instead of its row being rejected: the name of a unit by the
-- unit's code, a status that is not of the list by OTHER (docs/decisions/0071-a-text-that-does-not-fit-is-replaced.md).

create table audit.replaced_value (
    batch_id bigint not null references audit.batch (batch_id) deferrable initially deferred,
    table_name text not null,
    row_number bigint not null,
    column_name text not null,
    reason text not null check (reason <> ''),
    primary key (batch_id, table_name, row_number, column_name)
);
comment on table audit.replaced_value is
'One row per delivered text that landing replaced: where it stands in its delivery, and why. Never the text.';

grant select, insert, delete on audit.replaced_value to oic_landing;
grant select on audit.replaced_value to oic_transform, oic_gate;
