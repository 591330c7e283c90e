-- Of the owner and of the evidence of a plan only the presence is landed, and the names of milestones are screened. Raw loses the
-- texts when this upgrade ends; quarantine loses them here. A row of a full list is read again with the next delivery, so no
-- milestone's name is needed in quarantine.
update audit.rejected_row
set content = (content - 'cells') || jsonb_strip_nulls(
    jsonb_build_object(
        'owner_role', case when nullif(content ->> 'owner_role', '') is not null then 'given' end,
        'evidence_ref', case when nullif(content ->> 'evidence_ref', '') is not null then 'given' end,
        'milestone', case when nullif(content ->> 'milestone', '') is not null then '[withheld]' end
    )
)
where dataset = 'governance/plans';
