-- Each class that a record has is declared with its kind, so that `explain` can say what it means.
select distinct contribution.measure_code, contribution.record_kind, contribution.class
from {{ ref("contribution") }} as contribution
left join
    {{ ref("record_class") }} as declared
    on contribution.record_kind = declared.record_kind
    and contribution.class = declared.class
where declared.class is null
