-- What waits behind a roll-back is told here only. The publication and the screens read it from here.

create view audit.publication_waiting as
with latest_move as (
    select move_id, to_publication, holds
    from audit.publication_move
    order by move_id desc
    limit 1
),

-- Roll-backs in a row are one hold. What an earlier hold kept waiting, and its end did not show, has been left behind.
hold as (
    select latest_move.to_publication, min(back.moved_at) as began
    from latest_move
    inner join audit.publication_move as back
        on back.move_id > coalesce(
            (select max(shown.move_id) from audit.publication_move as shown where not shown.holds), 0
        )
    where latest_move.holds
    group by latest_move.to_publication
)

select made.publication_id, made.as_at
from marts.publication as made
inner join hold on made.publication_id > hold.to_publication and made.published_at >= hold.began
where made.kept_because is null
    and not exists (
        select from audit.publication_move as shown where shown.to_publication = made.publication_id
    );
comment on view audit.publication_waiting is
'One row per publication that waits for the release of the present hold: it was made since the hold began, and never shown.';

create view audit.hold as
select
    move.to_publication as publication_id,
    move.moved_at as since,
    move.reason,
    (
        select publication_id from audit.publication_waiting order by as_at desc, publication_id desc limit 1
    ) as newest_waiting,
    (select count(*) from audit.publication_waiting) as waiting
from audit.publication_move as move
where move.holds
    and move.move_id = (select max(latest.move_id) from audit.publication_move as latest);
comment on view audit.hold is
'One row if the pointer was last moved by a roll-back that holds: what readers see, why, and what waits for a release.';
grant select on audit.publication_waiting, audit.hold to oic_publish, assurance_person;
