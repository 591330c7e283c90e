-- Which forces were withdrawn from the national view, and which were taken in again. Without this, a force that had left stood
-- for ever with its last figures: docs/how-to/national-view.md.

create table audit.national_membership (
    decision_id bigint generated always as identity primary key,
    force_code text not null,
    reporting_force_code text not null,
    decision text not null check (decision in ('WITHDRAWN', 'READMITTED')),
    decided_at timestamptz not null default clock_timestamp(),
    decided_by text not null check (btrim(decided_by) <> ''),
    reason text not null check (btrim(reason) <> '')
);
comment on table audit.national_membership is
'One row per decision to withdraw a force from the national view, or to take it in again. Rows are only added, and the newest row of a force counts.';
comment on column audit.national_membership.decided_by is 'The login of the person who decided.';

create view audit.withdrawn_force with (security_invoker = true) as
select latest.*
from (
    select distinct on (force_code, reporting_force_code) *
    from audit.national_membership
    order by force_code, reporting_force_code, decision_id desc
) as latest
where latest.decision = 'WITHDRAWN';
comment on view audit.withdrawn_force is 'One row per force that is withdrawn from the national view now, with the decision.';

grant select, insert on audit.national_membership to oic_landing;
grant select on audit.national_membership to oic_transform, oic_gate, oic_audit;
grant select on audit.withdrawn_force to oic_landing, oic_gate, oic_audit;
