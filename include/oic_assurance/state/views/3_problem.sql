-- What is wrong now. Each part of `state.found_problem` is one kind of problem; `state.problem` adds the words of problems.yml.

create view state.due as
select (
    coalesce(
        ((select max(made.as_at) from marts.publication as made) at time zone 'Europe/London')::date + 1,
        (state.now() at time zone 'Europe/London')::date
    ) + state.setting('run_deadline')::time
) at time zone 'Europe/London' as due_at;
comment on view state.due is
'One row: by when the next publication is promised. That is the deadline of the day after the last publication''s, or of today if there is none. A run that never started leaves no other trace.';

create view state.found_problem as
with
    moment as (
        select state.now() as now, shown.publication_id, shown.as_at, shown.published_at
        from (values (1)) as always (here)
        left join state.publication as shown on true
    ),

    -- The run that ended last, if it made no publication, and since when there was none.
    failing as (
        select latest.run_id, latest.outcome, coalesce(latest.message, 'no reason was given') as message,
            (
                -- A check can block a run long before it ends.
                select min(coalesce(run.finished_at, run.started_at))
                from audit.run as run
                where run.outcome in ('blocked', 'failed') and run.started_at > coalesce(
                    (select max(good.started_at) from audit.run as good where good.outcome = 'published'), '-infinity'
                )
            ) as since,
            (
                select string_agg(distinct blocking.owner, ', ')
                from audit.blocking_check as blocking
                inner join audit.build as build using (build_id)
                where build.run_id = latest.run_id and blocking.owner <> ''
            ) as who
        from (select * from audit.run where outcome <> 'running' order by started_at desc limit 1) as latest
        where latest.outcome in ('blocked', 'failed')
            and not exists (select from state.waiting_build as waiting where waiting.run_id = latest.run_id)
            -- A run that is under way has made a publication since.
            and not exists (
                select
                from audit.run as later
                inner join audit.build as build using (run_id)
                inner join marts.publication as made on made.publication_id = build.build_id
                where later.started_at > latest.started_at
            )
    ),

    -- The latest delivery of a dataset, if it was refused. Landing an older delivery does not end the problem.
    -- Of the national datasets, each force has a newest file of its own. Its code is in the name, as in stg_national__delivery.
    refused as (
        select latest.dataset, string_agg(coalesce(latest.reason, latest.source_place), ' ' order by latest.source_place) as reason,
            min((
                select min(refused.landed_at)
                from audit.batch as refused
                where refused.dataset = latest.dataset and refused.force_code = latest.force_code
                    and refused.status = 'refused' and refused.delivered_for = latest.delivered_for
            )) as since
        from (
            select distinct on (batch.dataset, file.of_force) batch.*, file.of_force
            from audit.batch as batch
            cross join lateral (
                select case when batch.dataset like 'national/%' then upper(substring(batch.source_place from '_([A-Za-z][0-9]{8})_')) end
            ) as file (of_force)
            where batch.force_code = state.setting('force_code') and batch.kind = 'file'
            order by batch.dataset, file.of_force, batch.delivered_for desc, batch.batch_id desc
        ) as latest
        where latest.status = 'refused'
            and not exists (
                select
                from audit.withdrawn_force as gone
                where gone.reporting_force_code = latest.of_force and gone.force_code = latest.force_code
            )
        group by latest.dataset
    ),

    stale as (
        select dataset.dataset, dataset.verdict, dataset.points, dataset.owner,
            coalesce(dataset.place, dataset.dataset) as place,
            coalesce(dataset.reason, 'no reason was given') as reason,
            -- Datasets that failed for the same cause have the same reason but for their names.
            replace(
                regexp_replace(coalesce(dataset.reason, 'no reason was given'), '^' || dataset.dataset || ': ', ''),
                coalesce(dataset.source_name, ''), 'its table'
            ) as common_reason,
            coalesce(
                case when dataset.verdict = 'failed' then (
                    select min(attempt.started_at)
                    from audit.extraction as attempt
                    where attempt.dataset = dataset.dataset
                        and attempt.force_code = state.setting('force_code')
                        and attempt.outcome is distinct from 'succeeded'
                        and attempt.started_at > coalesce(
                            (
                                select max(good.started_at)
                                from audit.extraction as good
                                where good.dataset = dataset.dataset and good.force_code = state.setting('force_code')
                                    and good.outcome = 'succeeded'
                            ), '-infinity'
                        )
                ) end,
                dataset.due_by,
                (select min(run.started_at) from audit.run as run)
            ) as since
        from state.dataset as dataset
        where dataset.verdict <> 'fresh' and not exists (select from refused where refused.dataset = dataset.dataset)
    ),

    -- One failed connection makes all its datasets fail: they are one problem.
    by_cause as (
        select place, verdict, common_reason, count(*) as datasets, string_agg(dataset, ', ' order by dataset) as names,
            min(since) as since
        from stale
        group by place, verdict, common_reason
    ),

    -- What may be the delivery that is awaited: a file that is finished, and later than the last one that landed. The day in
    -- its name decides, or without one the time of its last change.
    maybe_deliveries as (
        select distinct on (found.dataset) found.dataset, found.name, found.reason
        from state.not_taken as found
        left join (
            select dataset, max(delivered_for) as delivered_for
            from audit.batch
            where force_code = state.setting('force_code') and kind = 'file' and status = 'landed'
            group by dataset
        ) as landed using (dataset)
        where found.reason not in ('it is a hidden or temporary file of a program', 'its name says that it is not finished')
            and coalesce(
                regexp_replace(
                    substring(found.name from '20\d{2}[-_.]?[01]\d[-_.]?[0-3]\d'), '\D', '', 'g'
                ) > to_char(landed.delivered_for at time zone 'Europe/London', 'YYYYMMDD'),
                found.modified_at > landed.delivered_for,
                true
            )
        order by found.dataset, right(found.name, 1) = '/', found.name desc
    )

select 'publication' as problem_code, 'daily run' as subject, since, who,
    case outcome when 'blocked' then 'assurance checks' end as command, '' as readers_see,
    case outcome when 'blocked' then message else 'the run failed: ' || message end as what
from failing

union all
select 'approval', 'daily run', since, null, format('`assurance publication approve %s --reason …`, or `reject`', build_id), '',
    format(
        'the build as at %s waits for a person, because %s. %s', state.london(as_at), coalesce(
            held, case warnings when 1 then 'it has a warning' else format('it has %s warnings', warnings) end
        ), coalesce(
            format('Without a decision by %s, it is rejected', state.london(decided_by)),
            'It waits until somebody decides, or until the next run'
        )
    )
from state.waiting_build

union all
select 'hold', 'roll-back', since, null, case when waiting = 0 then 'assurance run' end, '',
    format(
        'publication %s was made current again, because %s. %s', publication_id, rtrim(reason, '.'), case
            when waiting = 0 then 'No later publication waits: each new one will wait for a release'
            else format(
                '%s for a release, which shows publication %s',
                case waiting when 1 then '1 later publication waits' else waiting || ' later publications wait' end, newest_waiting
            )
        end
    )
from state.hold

union all
select 'older', 'publication', (select max(move.moved_at) from audit.publication_move as move), null,
    (select 'assurance publication release --reason …' from state.hold where waiting > 0), '',
    format(
        'an earlier version made publication %s, so %s: %s', publication_id, case tables
            when 1 then 'the table that it did not have is empty' else format('the %s tables that it did not have are empty', tables)
        end, names
    )
from moment
cross join lateral (
    select count(*) as tables, string_agg(table_name, ', ' order by table_name) as names
    from state.missing_tables(moment.publication_id)
) as missing
where tables > 0

union all
select 'overdue', 'daily run', due_at, null, null, '',
    format(
        'no run has published by %s, and %s', to_char(due_at at time zone 'Europe/London', 'HH24:MI'),
        coalesce((select 'the run ' || opened.words from state.open_run as opened), 'no run is under way')
    )
from state.due
cross join moment
where moment.now >= due_at and not exists (select from failing) and not exists (select from state.waiting_build)

union all
select 'unpublished', 'daily run', coalesce((select min(started_at) from audit.run), moment.now), null, null, '',
    'no run has published yet'
from state.due
cross join moment
where moment.publication_id is null and moment.now < due_at and not exists (select from failing)
    and not exists (select from state.waiting_build)

union all
select 'recall', dataset, min(noticed_at), null,
    case when not bool_and(ended_at is not null) then format(
        'assurance erase approve %s --reason …', min(recall_id) filter (where ended_at is null)
    ) end, '',
    format('the marking of %s landed records rose above the ceiling: ', sum(records))
    || case when bool_and(withdrawn_at is not null) then 'readers do not see them any more' else 'they are being withdrawn' end
    || coalesce(
        ', and ' || sum(records) filter (where ended_at is null) || ' of them wait for somebody to approve their erasure',
        ', and they are erased'
    )
from audit.recall
cross join moment
where force_code = state.setting('force_code') and outcome is distinct from 'lowered'
    -- A recall can end in the run that noticed it, and somebody must be notified of that recall too.
    and (ended_at is null or noticed_at > moment.now - interval '1 day')
group by dataset

union all
select 'verdict', shown.point_code, moment.published_at, null,
    format('assurance publication compare %s %s', build.compared_with, moment.publication_id), '',
    rtrim(shown.verdict_words, '.')
from moment
inner join audit.published_position as shown using (publication_id)
inner join audit.build as build on build.build_id = moment.publication_id
where shown.verdict_words is not null

union all
select 'reopened', recommendation_code, entered_at, null, null, '',
    'its sign-off was reopened: ' || why.words
from (
    select distinct on (recommendation_code) recommendation_code, cause, entered_at
    from signoff.step
    where force_code = state.setting('force_code') and step = 'REOPENED'
    order by recommendation_code, entry_id desc
) as latest
inner join state.reopening_cause as why using (cause)
cross join moment
where entered_at > moment.now - interval '1 day'

union all
select 'evidence', shown.recommendation_code, (
    select min(checked.checked_at)
    from signoff.checked_evidence as checked
    where checked.entry_id = shown.entry_id and checked.check_id > coalesce(
        (
            select max(good.check_id)
            from signoff.checked_evidence as good
            where good.entry_id = shown.entry_id and good.outcome = 'unchanged'
        ), 0
    )
), null, null, '', 'the evidence of its sign-off is ' || latest.outcome
from signoff.step as shown
cross join lateral (
    select checked.outcome
    from signoff.checked_evidence as checked
    where checked.entry_id = shown.entry_id
    order by checked.check_id desc
    limit 1
) as latest
where shown.force_code = state.setting('force_code') and shown.step = 'EVIDENCE' and latest.outcome in ('missing', 'unreadable')
    and not exists (
        select
        from signoff.step as reopened
        where reopened.force_code = shown.force_code and reopened.recommendation_code = shown.recommendation_code
            and reopened.step = 'REOPENED' and reopened.entry_id > shown.entry_id
    )

-- A drill is due each week, and one that is late by a day is no problem. Nothing is a problem as long as nobody makes back-ups or
-- drills with this project: a force may back up its server in another way. Physical back-ups are not on record, but their drills are.
union all
select 'restore', 'back-up',
    case when failure is null then coalesce(proven_at, known_at) + interval '8 days' else drilled_at end, null, null, '',
    coalesce(
        'the last drill did not prove that it can be restored: ' || failure,
        'no drill has proven for a week that it can be restored'
    )
from (
    select backup.failure, backup.drilled_at, backup.proven_at, least(
        (select min(made_at) from audit.backup), (select min(finished_at) from audit.restore_drill)
    ) as known_at
    from state.backup as backup
) as drilled
cross join moment
where known_at is not null and (failure is not null or coalesce(proven_at, known_at) < moment.now - interval '8 days')

-- The upkeep runs every night. Three days leave room for nights on which a run was under way.
union all
select 'upkeep', part, case when outcome = 'failed' then ended_at else last_done + interval '3 days' end, null, null, '',
    case when outcome = 'failed' then 'it failed: ' || message else 'it was not done for days' end
from (select *, coalesce(done_at, first_at) as last_done from state.upkeep) as part
cross join moment
where outcome = 'failed' or last_done < moment.now - interval '3 days'

union all
select 'retention', waits.dataset, waits.since, declared.owner, null, '',
    concat_ws(
        '; ',
        'records past their retention that nobody has decided about: ' || nullif(waits.undecided, 0),
        'records with a decision that a second person must confirm: ' || nullif(waits.unconfirmed, 0),
        'the oldest has waited since ' || to_char(waits.since at time zone 'Europe/London', 'DD/MM/YYYY')
    )
from (
    select dataset, sum(undecided)::bigint as undecided, sum(unconfirmed)::bigint as unconfirmed,
        least(min(undecided_since), min(unconfirmed_since)) as since
    from audit.retention_summary
    where force_code = state.setting('force_code')
    group by dataset
    having sum(undecided + unconfirmed) > 0
) as waits
left join state.declared_dataset as declared using (dataset)

-- A run exports minutes after its publication. After an hour, nothing exports any more.
union all
select 'national', 'national view', since, null, null, '', what
from (
    select case
        when told.outcome = 'failed' then 'the export failed: ' || told.message
        when told.outcome = 'running' and coalesce(told.ended_at, told.started_at) < moment.now - interval '1 hour'
            then 'the export was interrupted'
        when told.publication_id is distinct from moment.publication_id and moment.published_at < moment.now - interval '1 hour'
            then 'the publication that readers see was not exported'
    end as what,
    case when told.outcome in ('failed', 'running') then coalesce(told.ended_at, told.started_at) else moment.published_at end as since
    from moment
    left join state.national_export as told on true
    where moment.publication_id is not null and state.setting('exports_nationally') = 'yes'
) as export
where what is not null

union all
select 'undeclared', reporting_force_code, landed_at, null, null, '', format(
    'the national view shows what it exported for %s, and forces.yml does not declare it. If it reports from another '
    'deployment, add it to ASSURANCE_REPORTING_FORCES',
    to_char(exported_for at time zone 'Europe/London', 'DD/MM/YYYY')
)
from state.exporting_force
where withdrawn_at is null and state.setting('reporting_forces') <> ''
    and reporting_force_code <> all (string_to_array(state.setting('reporting_forces'), ','))

-- A publication from before the decision still has the force: until the next run, or after a roll-back.
union all
select 'withdrawn', gone.reporting_force_code, gone.withdrawn_at, null, null, '', format(
    'it was withdrawn on %s, because %s. Publication %s was made without this decision',
    state.london(gone.withdrawn_at), rtrim(gone.withdrawn_because, '.'), moment.publication_id
)
from moment
inner join audit.build as build on build.build_id = moment.publication_id
inner join state.exporting_force as gone
    on gone.withdrawn_at > build.known_at
    or (gone.withdrawn_at at time zone 'Europe/London')::date > (build.as_at at time zone 'Europe/London')::date

union all
select 'delivery', refused.dataset, refused.since, declared.owner, null, '', refused.reason
from refused
left join state.declared_dataset as declared using (dataset)

union all
select 'quiet', dataset, coalesce(last_record_at, (select min(run.started_at) from audit.run as run)), owner, null, '',
    case
        when last_record_at is null then 'it is extracted, and has never brought anything'
        else format(
            'it is extracted, and has brought nothing new for %s days; the newest record is of %s',
            days_without_news, to_char(last_record_at at time zone 'Europe/London', 'DD/MM/YYYY')
        )
    end
from state.dataset
where is_quiet and verdict = 'fresh'

union all
select 'value', replaced.dataset, replaced.since, declared.owner, null, '', format(
    'texts that landing replaced: %s in %s, row %s', replaced.texts, replaced.source_place, replaced.examples
) || case when replaced.texts > 3 then '; …' else '' end
from (
    select dataset, source_place, min(landed_at) as since, count(*) as texts,
        array_to_string(
            (array_agg(format('%s (%s %s)', row_number, column_name, reason) order by row_number, column_name))[:3], ', row '
        ) as examples
    from state.replaced_value
    group by dataset, source_place
) as replaced
left join state.declared_dataset as declared using (dataset)

union all
select 'source', cause.place, min(cause.since), null, 'assurance doctor', coalesce((
        select '; ' || string_agg(distinct point, ', ' order by point) || ' unknown'
        from stale
        inner join by_cause as behind using (place, verdict, common_reason)
        cross join regexp_split_to_table(stale.points, ', ') as point
        where stale.place = cause.place and stale.verdict = 'failed' and behind.datasets > 1
    ), ''),
    -- Two causes at one place are one problem, because a message is about a kind and a subject.
    string_agg(
        format('%s failed: %s. Datasets behind it: %s', cause.place, rtrim(cause.common_reason, '.'), cause.names),
        '; ' order by cause.names
    )
from by_cause as cause
where cause.verdict = 'failed' and cause.datasets > 1
group by cause.place

union all
select 'source', stale.dataset, stale.since, stale.owner, null, coalesce('; ' || stale.points || ' unknown', ''),
    format('%s is %s: %s', stale.dataset, stale.verdict, case when found.name is null then stale.reason else format(
        '%s; %s: %s (%s)', rtrim(stale.reason, '.'), case
            when found.reason = 'the folder does not exist' then 'its folder is missing'
            when right(found.name, 1) = '/' then 'a folder that may be the delivery was not taken'
            else 'a file that may be the delivery was not taken'
        end, found.name, found.reason
    ) end)
from stale
inner join by_cause as cause using (place, verdict, common_reason)
left join maybe_deliveries as found using (dataset)
where stale.verdict <> 'failed' or cause.datasets = 1

-- What was measured, and is wrong. If the run failed because of the policy, its message says the same.
union all
select problem_code, case when is_of_some_hosts then subject || ' on ' || hosts else subject end, since, null, nullif(todo, ''), '',
    what
from state.observation as observation
where state in ('attention', 'failed')
    and not exists (select from failing where position(observation.what in failing.message) > 0)
    and not exists (
        select
        from by_cause as cause
        where observation.problem_code = 'source' and cause.verdict = 'failed' and cause.place = observation.subject
    )
    -- Perhaps nobody who sees the newest back-up has looked since it was made. It is none that was missed before.
    and not exists (
        select
        from state.backup as newest
        where observation.problem_code in ('backup', 'restore') and observation.observed_at < newest.made_at
    )

-- Others look, and nobody can say how this is. A host that was not looked at for two days is gone, or does no task.
union all
select 'unseen', coalesce(nullif(host, ''), 'what the hosts have in common'), max(observed_at) + interval '2 days', null,
    case when host <> '' then format('`assurance doctor`, or `assurance doctor --forget %s` if the host is gone', host) end, '',
    format(
        'nobody who sees it has looked since %s (%s): %s', state.london(max(observed_at)),
        (array_agg(observed_by order by observed_at desc))[1],
        string_agg(format('%s (%s, was %s)', subject, problem_code, state), ', ' order by problem_code, subject)
    )
from (
    select *, case when host = '' then observed_at else max(observed_at) over (partition by host) end as looked_at
    from audit.observation
) as old
cross join moment
where old.looked_at < moment.now - interval '2 days' and exists (
    select
    from audit.observation as other
    where other.problem_code = old.problem_code and other.observed_at >= moment.now - interval '2 days'
)
group by host

union all
select 'archive', batch.dataset, min(proof.proven_at), null, format('assurance batch verify %s', batch.dataset), '',
    min(proof.disagreement)
    || case when count(*) > 1 then format(', and %s more batches', count(*) - 1) else '' end
from audit.archive_proof as proof
inner join audit.batch as batch using (batch_id)
where proof.disagreement is not null
group by batch.dataset;
comment on view state.found_problem is 'One row for each thing that is wrong now, without the words that all problems of its kind share.';

create view state.problem as
select found.problem_code, found.subject, found.since, kind.severity,
    case
        when shown.publication_id is null then 'nothing: there is no publication yet'
        else format('publication %s, as at %s', shown.publication_id, state.london(shown.as_at))
    end || found.readers_see as readers_see,
    coalesce(found.command, replace(kind.command, '{subject}', found.subject)) as what_to_do,
    coalesce(found.who, kind.who) as who,
    kind.title || case when kind.names_subject then ': ' || found.subject else '' end as title,
    found.what,
    -- A key is told as long as the record is kept, and stored nowhere else.
    case when found.problem_code = 'publication' then (
        select blocking.examples
        from audit.blocking_check as blocking
        inner join audit.build as build using (build_id)
        inner join state.last_run as run using (run_id)
        where blocking.place = 1
        order by build.build_id desc
        limit 1
    ) end as examples,
    kind.place
from state.found_problem as found
inner join state.problem_kind as kind using (problem_code)
left join state.publication as shown on true
order by kind.place, found.subject;
comment on view state.problem is
'One row for each thing that is wrong now: since when, how urgent it is, what readers see meanwhile, examples by key, what to do, and who does it.';

create function state.problems_for_readers() returns table (
    title text, since timestamptz, severity text, readers_see text, who text, what text
)
language sql stable security definer set search_path = '' set client_min_messages = error
begin atomic
    select problem.title, problem.since, problem.severity, problem.readers_see, problem.who,
        case when kind.what_for_readers then problem.what end
    from state.problem as problem
    inner join state.problem_kind as kind using (problem_code)
    where kind.for_readers
    order by problem.place, problem.since;
end;
create view state.problem_for_readers as select * from state.problems_for_readers();
comment on view state.problem_for_readers is
'One row for each thing that is wrong now and that readers of the marts may know: what it is called. What exactly is wrong is told only of what waits for a person.';
