-- The dictionary of a schema describes that schema alone. `marts.data_dictionary` also described `public_release`, which has
-- tables with the names of marts: a question about a table by its name had the columns of two tables as its answer.
set local role oic_publish;
do $views$
declare
    two_schemas constant text := '{marts,public_release}';
    definition constant text := pg_catalog.pg_get_viewdef('marts.data_dictionary'::regclass);
    whole constant text := 'One row per column of each table of this schema that the login can read: what it means, and which '
        'table it joins. For tools that do not show the comments and keys of tables.';
    described record;
begin
    if pg_catalog.strpos(definition, two_schemas) = 0 then
        raise 'marts.data_dictionary is not the view that migration 0043 made';
    end if;
    execute 'create or replace view marts.data_dictionary as ' || replace(definition, two_schemas, '{marts}');
    execute 'create view public_release.data_dictionary as ' || replace(definition, two_schemas, '{public_release}');
    execute format('comment on view marts.data_dictionary is %L', whole);
    execute format('comment on view public_release.data_dictionary is %L', whole);
    for described in
        select attname, pg_catalog.col_description(attrelid, attnum) as meaning
        from pg_catalog.pg_attribute
        where attrelid = 'marts.data_dictionary'::regclass and attnum > 0
    loop
        execute format(
            'comment on column public_release.data_dictionary.%I is %L', described.attname, described.meaning
        );
    end loop;
end
$views$;
grant select on public_release.data_dictionary to bi_reader, oic_transform, oic_gate;
reset role;

-- The view of sign-offs, which migration 0052 made in place of a table, had no meanings of its columns.
do $sign_off$
declare
    described record;
begin
    for described in
        select place.owner, c.oid::regclass as view, a.attname, one.description
        from (values
            ('force_code', 'The police force, as its area code of the Office for National Statistics (ONS).'),
            (
                'recommendation_code',
                'Code of the recommendation in the register. For an assurance point it equals the code of the point.'
            ),
            ('point_code', 'Code of the assurance point. Blank if no figure measures the recommendation.'),
            (
                'round',
                'Number of the closure that the step belongs to: 1 for the first closure of the recommendation, and '
                'one more after each reopening.'
            ),
            (
                'step',
                'STEPS_AGREED, EVIDENCE, FORCE, COMMISSIONER (which closes), INSPECTORATE (which confirms), or '
                'REOPENED.'
            ),
            (
                'at',
                'When the step was made. For a reopening because of a figure, the as-at moment of the publication '
                'that found it.'
            ),
            (
                'by_role',
                'The role that made the step: ASSURANCE_LEAD, FORCE_LEAD, FORCE_OWNER, COMMISSIONER or INSPECTORATE. '
                'PIPELINE if the pipeline reopened the closure. A person is never named.'
            ),
            (
                'cause',
                'Why the closure was reopened: SLIPPED (the status is worse than when it was signed), RESTATED (the '
                'signed figure, computed again, is outside the 95% interval that it had then), EVIDENCE_CHANGED (the '
                'evidence file has changed) or DECISION (somebody decided to reopen). Blank for a step that is not a '
                'reopening.'
            ),
            (
                'rests_on',
                'FIGURE_AND_EVIDENCE for an assurance point. EVIDENCE_ALONE for a recommendation that no figure '
                'measures.'
            ),
            ('made_on_publication', 'The publication on which the step was made. It was the current one then.'),
            ('made_on_as_at', 'The as-at moment of the publication on which the step was made.'),
            (
                'made_on_was_withdrawn',
                'Whether the publication on which the step was made was rolled back later and not made current again.'
            ),
            (
                'status_then',
                'Status of the point in the publication on which the step was made. Blank if no figure measures the '
                'recommendation.'
            ),
            ('numerator_then', 'Numerator of the figure of the point in the publication on which the step was made.'),
            ('denominator_then', 'Denominator of the figure of the point in that publication.'),
            ('value_then', 'The figure of the point in that publication, as a share from 0 to 1.'),
            (
                'ci_low_then',
                'Lower end of the 95% interval of the figure of the point in the publication on which the step was '
                'made.'
            ),
            (
                'ci_high_then',
                'Upper end of the 95% interval of the figure of the point in the publication on which the step was '
                'made.'
            ),
            ('evidence_sha256', 'SHA-256 of the evidence that the step shows, or that a signature covers. In hexadecimal.'),
            (
                'evidence_state',
                'What the latest check of the evidence has found: unchanged, changed, missing (the file is not there) '
                'or unreadable (its place could not be reached). Blank before the first check, and for steps that '
                'show no evidence.'
            ),
            ('evidence_checked_at', 'When the evidence was last read and hashed.'),
            (
                'is_in_force',
                'Whether the step still holds. A reopening ends all steps before it, and is in force until the next '
                'step.'
            ),
            ('publication_id', 'Number of the publication that the row belongs to.')
        ) as one (name, description)
        inner join pg_catalog.pg_attribute as a on one.name = a.attname and a.attnum > 0
        inner join pg_catalog.pg_class as c on a.attrelid = c.oid and c.relname = 'sign_off'
        inner join (values ('marts', 'oic_publish'), ('limited', 'oic_audience')) as place (name, owner)
            on c.relnamespace = place.name::regnamespace
    loop
        execute format('set local role %I', described.owner);
        execute format('comment on column %s.%I is %L', described.view, described.attname, described.description);
    end loop;
    reset role;
end
$sign_off$;

-- Nor had the columns that migration 0058 added to released positions.
set local role oic_publish;
comment on column public_release.assurance_position.status_on is
'Day that the status is for: the last day of the figures or, if they are for no days, the as-at day.';
comment on column public_release.assurance_position.target is 'Share that the figure must reach, from 0 to 1.';
comment on column public_release.assurance_position.answer_code is
'The answer to the question of the point on the day of its status: YES, NOT_YET, NO, NOT_DUE or NOT_KNOWN.';
comment on column public_release.assurance_position.policy_confirmed is
'Whether somebody has approved each policy row that the figure, its target and its deadline rest on.';
comment on column public_release.assurance_position.second_reading is
'Code of the measure that answers the question of the point in the other way that the largest choice in it allows.';
comment on column public_release.assurance_position.second_numerator is
'How many are as they should be, by the second reading, over the same days. Blank if withheld.';
comment on column public_release.assurance_position.second_denominator is
'How many the second reading counts, over the same days. Blank if withheld.';
comment on column public_release.assurance_position.second_value is
'Share by the second reading, from 0 to 1, over the same days. Blank if withheld.';
reset role;
