{#- Every measure, and every kind of record that measures count, as YAML. A measure is one entry here
    and nothing else: figures, control charts, explain, restatements, checks, pages, metrics and
    dashboards follow from it. docs/how-to/add-a-measure.md says what each part means, and
    `assurance sources document` checks them.

    Conditions and columns are SQL over the model that `relation` names. `words` decide no figure. -#}
{% macro declared() -%}
    {%- set text %}{% raw %}
records:
  referral:
    relation: int_nccu_referral_class
    key: referral_ref
    team: org_unit_code
    counts_on: contacted_on
    happened_on: contacted_on
    answered_on: answered_on
    waits_until: grace_ends_on
    hours: hours_to_submission
    class: intelligence_class
    class_left_out: case when is_due then lower(referral_type) else intelligence_class end
    officer_key: officer_key
    related_ref: report_urn
    evidence:
      - {reading: referral, key: referral_ref, nearness: 1}
      - {reading: report, key: report_urn, nearness: 2}
      - {reading: officer_of_referral, key: referral_ref, nearness: 3}
      - {reading: officer_of_report, key: report_urn, nearness: 3}
      - {reading: referral_of_occurrence, key: occurrence_ref, nearness: 4}
      - {reading: report_of_occurrence, key: occurrence_ref, nearness: 4}
      - {reading: report_that_names_it, key: referral_ref, nearness: 4}
      # Without a nearness, it is shown and is never a cause.
      - {reading: occurrence, key: occurrence_ref}
    rests_on:
      - rms/occurrence
      - rms/nccu_referral
      - rms/custody_record
      - intelligence/report
      - intelligence/dissemination
      - intelligence/product
      - hr/personnel
    words:
      month: The month of the contact with the NCCU.
      team: >-
        The team of the reporting officer on the day of the contact. An officer number that resolves to nobody has the unit `UNKNOWN` and
        is counted.
      besides:
        - Drafts, and reports of a type that policy does not require, are no documents. They give a referral no class.
        - >-
          A referral that was deleted in the records management system is not considered. If its occurrence was cancelled, the referral is
          considered all the same.
      policy:
        policy_threshold: [timely_hours, grace_hours, before_call_hours]
        policy_document_type: []
        policy_grading: []
    classes:
      submitted_in_time:
        adds: both
        meaning: The reporting officer submitted a valid document within the timely hours
      submitted_late:
        adds: both
        meaning: The reporting officer submitted a valid document after the timely hours
      submitted_by_other:
        adds: denominator
        meaning: Another officer submitted a valid document, and the reporting officer did not
      submitted_invalid:
        adds: denominator
        meaning: There is a document, but its grading is not valid or its status is no longer SUBMITTED
      missing:
        adds: denominator
        meaning: The grace period is over and there is no document
      awaiting:
        adds: nothing
        ends_by_itself: true
        meaning: "There is no document yet, and the grace period is still running: not counted"
      status_check:
        adds: nothing
        meaning: "A status check: this measure does not count it as a reported case"
      victim:
        adds: nothing
        meaning: "A referral of a victim: no compliance measure counts it"
      immigration_crime:
        adds: none
        meaning: A referral of an immigration crime that this measure does not count
    exceptions:
      REFERRAL_DOCUMENT_MISSING:
        label: Document missing
        when: is_counted and intelligence_class = 'missing'
        opened_at: contacted_at
        ends_as: &document_ends_as >-
          case
            when not is_counted then 'NO_LONGER_COUNTED'
            when is_compliant then 'DOCUMENT_SUBMITTED'
            when intelligence_class = 'missing' then 'DOCUMENT_WITHDRAWN'
            else 'OTHER_DOCUMENT'
          end
        ended_at: &document_ended_at case when is_counted then submitted_at end
      REFERRAL_DOCUMENT_BY_OTHER:
        label: Document by somebody else
        when: is_counted and intelligence_class = 'submitted_by_other'
        opened_at: contacted_at
        ends_as: *document_ends_as
        ended_at: *document_ended_at
      # No record says when an invalid document became valid.
      REFERRAL_DOCUMENT_INVALID:
        label: Document not valid
        when: is_counted and intelligence_class = 'submitted_invalid'
        opened_at: contacted_at
        ends_as: *document_ends_as
      REFERRAL_OFFICER_UNRESOLVED:
        label: "Referral: officer not resolved"
        when: not is_officer_resolved
        opened_at: contacted_at
        ends_as: "'OFFICER_FOUND'"

  custody:
    relation: int_immigration_custody
    key: custody_id
    team: org_unit_code
    counts_on: detained_on
    happened_on: detained_on
    class: case when has_referral then 'referred' else 'not_referred' end
    officer_key: officer_key
    related_ref: occurrence_ref
    evidence:
      - {reading: any_referral_of_occurrence, key: occurrence_ref, nearness: 1, nearness_moved: 4}
      - {reading: custody, key: custody_id, nearness: 2}
      - {reading: custody_of_occurrence, key: occurrence_ref, nearness: 3}
      - {reading: occurrence, key: occurrence_ref, nearness: 3}
      - {reading: officer_of_custody, key: custody_id, nearness: 5}
    rests_on: [rms/occurrence, rms/nccu_referral, rms/custody_record, hr/personnel]
    words:
      month: The month of the detention. An occurrence with several such records belongs to the month of the first.
      team: >-
        The team of the arresting officer on the day of the detention. A number that resolves to nobody has the unit `UNKNOWN` and is
        counted.
      besides:
        - A cancelled or deleted occurrence is not considered.
        - Detentions for other reasons are not considered, even if immigration was a matter in the case.
    classes:
      referred:
        adds: both
        meaning: An immigration detention whose occurrence has a referral to the NCCU
      not_referred:
        adds: denominator
        meaning: An immigration detention whose occurrence has no referral to the NCCU
    exceptions:
      CUSTODY_WITHOUT_REFERRAL:
        label: Detained, not referred
        when: not has_referral
        subject: coalesce(occurrence_ref, concat('custody ', custody_id))
        opened_at: detained_at
        ends_as: "'REFERRAL_MADE'"

  officer:
    relation: int_training_span
    key: officer_key
    team: org_unit_code
    counts_from: counts_from
    counts_to: counts_to
    happened_on: completed_on
    class: case when is_complete then 'complete' else 'not_complete' end
    class_left_out: "'long_term_absent'"
    evidence:
      - {reading: personnel, key: officer_key, nearness: 2, nearness_moved: 1}
      - {reading: completion, key: officer_key, nearness: 1, nearness_moved: 2}
      - {reading: attendance, key: officer_key, nearness: 1, nearness_moved: 2}
      - {reading: session, key: officer_key, nearness: 1, nearness_moved: 2}
    rests_on: [hr/personnel]
    words:
      month: As at the last day of the month. The current month is as at the day of the run.
      team: The team of the officer on that day, in the personnel file of that day.
      besides:
        - >-
          An officer who is not in the personnel file of the day, or whose leave date is before the day, is not in post and not considered.
        - An officer whose role needs none of this training is not considered.
      policy:
        policy_role_requirement: ["{item_code}"]
        policy_training_item: ["{item_code}"]
        policy_absence: []
    classes:
      complete:
        adds: both
        meaning: Everything that the measure requires was complete on the day
      not_complete:
        adds: denominator
        meaning: In post and relevant on the day, but something was not complete
      long_term_absent:
        adds: nothing
        meaning: "In post but on long-term absence on the day: this measure does not count the officer"

  strand:
    relation: int_plan_span
    key: strand
    team: "'ALL'"
    counts_from: counts_from
    counts_to: counts_to
    class: case when is_met then 'met' else 'not_met' end
    related_ref: plan_ref
    evidence:
      - {reading: plan, key: strand, nearness: 1}
    rests_on: [governance/plans]
    words:
      month: As at the last day of the month. The current month is as at the day of the run.
      team: The whole force only (`ALL`). A strand belongs to no team.
      besides:
        - One plan must fulfil all conditions. Two plans of a strand that fulfil half each do not meet it.
      policy:
        policy_plan_strand: []
    classes:
      met:
        adds: both
        meaning: A plan had an owner, an approval and evidence, and its review was not overdue
      not_met:
        adds: denominator
        meaning: No plan met the requirement on the day

# What the rules read of each source, for the causes of a changed figure. `evidence` names source
# records by one column (`named_by`); `columns` are those that decide something, as SQL.
readings:
  referral: &referral
    dataset: rms/nccu_referral
    source: law_enforcement
    table: nccu_referral
    key: referral_ref
    named_by: referral_ref
    columns: [occurrence_ref, reporting_officer_no, referral_type, contacted_at]
    counts: contacted_at <= as_at
    first_version: if_created
    officer: {number: reporting_officer_no, at: [contacted_at]}
  referral_of_occurrence:
    <<: *referral
    named_by: occurrence_ref
  any_referral_of_occurrence:
    <<: *referral
    named_by: occurrence_ref
    columns: [occurrence_ref]
  report: &report
    dataset: intelligence/report
    source: law_enforcement
    table: intelligence_report
    may_be_recalled: true
    key: report_urn
    named_by: report_urn
    columns:
      - document_type_code
      - grading_scheme
      - source_evaluation
      - intelligence_assessment
      - handling_code
      - handling_conditions
      - author_officer_no
      - occurrence_ref
      - nccu_referral_ref
      - status
      - case when submitted_at <= as_at then submitted_at end
    first_version: if_created
    officer: {number: author_officer_no, at: [submitted_at, created_at]}
  report_of_occurrence:
    <<: *report
    named_by: occurrence_ref
  report_that_names_it:
    <<: *report
    named_by: nccu_referral_ref
  custody_of_occurrence: &custody
    dataset: rms/custody_record
    source: law_enforcement
    table: custody_record
    key: custody_id
    named_by: occurrence_ref
    columns: [occurrence_ref, arresting_officer_no, detention_reason_code, detained_at]
    counts: detained_at <= as_at
    first_version: if_created
    officer: {number: arresting_officer_no, at: [detained_at]}
  custody:
    <<: *custody
    named_by: custody_id
    named_by_type: bigint
  occurrence:
    dataset: rms/occurrence
    source: law_enforcement
    table: occurrence
    key: occurrence_ref
    named_by: occurrence_ref
    columns: [status]
    counts: reported_at <= as_at
    first_version: if_created
    deleted: marked
    carry: [status, is_deleted]
    # An occurrence matters only if it was cancelled or deleted, or is no longer.
    changes_if: >-
      coalesce(status_before = 'CANCELLED' or is_deleted_before, false)
      <> coalesce(status_after = 'CANCELLED' or is_deleted_after, false)
    cause: >-
      case when coalesce(is_deleted_before, false) <> coalesce(is_deleted_after, false)
      then 'DELETED_RECORD' else cause end
  officer_of_referral: {dataset: hr/personnel, officer_of: referral}
  officer_of_report: {dataset: hr/personnel, officer_of: report}
  officer_of_custody: {dataset: hr/personnel, officer_of: custody}
  personnel:
    dataset: hr/personnel
    source: general
    table: personnel
    key: employee_no
    named_by: employee_no
    columns: [org_unit_code, role_code, absence_status, start_date, leave_date]
    of_each_day: true
    is_officer: true
  completion:
    dataset: lms/completions
    source: general
    table: completion
    key: row_key
    named_by: employee_no
    columns: [completed_at]
    counts: status = 'COMPLETED' and completed_at <= as_at
    first_version: never
    is_officer: true
    carry: [module_code, module_version, completed_at]
    item: {code: module_code, version: module_version, at: completed_at}
  attendance:
    dataset: hydra/attendance
    source: general
    table: hydra_attendance
    key: row_key
    named_by: employee_no
    columns: [attended, outcome]
    first_version: first_delivery
    is_officer: true
    carry: [session_code]
    item: {code: "'HYDRA'"}
  session:
    dataset: hydra/attendance
    source: general
    table: hydra_session
    key: session_code
    named_by: session_code
    columns: [session_date]
    first_version: first_delivery
    # An officer has a session by the officer's place in it.
    through: attendance
  plan:
    dataset: governance/plans
    source: general
    table: plan
    key: plan_ref
    named_by: strand
    columns:
      - strand
      - owner_role
      - evidence_ref
      - case when approved_date <= {as_at_day} then approved_date end
      - review_due_date
    first_version: first_delivery

other_classes:
  action:
    open: Open, and its date has not passed, or it has no date
    overdue: Open, and its date has passed
  document:
    decides: Decides the class of the referral
    belongs: Belongs to the referral, but another document decides its class
    not_submitted: "Not submitted by the as-at moment: not yet a document"
    not_required: Not of a document type that a referral requires
    names_another: Names another existing referral, so it is used only for that one
    too_early: Submitted too long before the contact to be about it
    taken: Of the same occurrence, but used for another referral
    not_needed: Of the same occurrence, but not assigned to this referral when documents were assigned in order of contact

measures:
  nccu_intel_compliance:
    point: NCCU_INTEL
    title: Referrals with their document
    description: >-
      Share of immigration crime referrals whose reporting officer submitted a valid intelligence document, in time or
      late. Referrals that are still awaiting a document are left out
    record: referral
    population: is_counted
    met: is_compliant
    unit: share
    better: more
    words:
      meaning: >-
        When an officer reports a case of immigration crime to the NCCU, the officer must also submit an intelligence document.
        This measure says for which share of the reported cases the reporting officer did so, on time or late.
        At 100%, each reported case left a valid intelligence document behind.
      numerator: Counted referrals whose reporting officer submitted a valid document, within {timely_hours} hours of the contact or later.
      denominator: Referrals of the type immigration crime, except those that are still awaiting a document within the {grace_hours} hours of grace.
      public:
        title: Reported cases with their document
        counts: >-
          Of the immigration crime cases that officers reported by telephone to the National Command and Control Unit (NCCU) of
          Immigration Enforcement, how many were followed by a valid intelligence report of the same officer.
      limits:
        - >-
          A call that nobody recorded is not counted. The NCCU cannot say how often it was called.
          [`nccu_capture_completeness`](nccu_capture_completeness.md) is the only check that the force's own records allow.
        - The measure says whether a document exists and is validly graded. It does not judge whether its content is of use.
        - >-
          A document belongs to a referral because it names it, or because officer, occurrence and order fit. `link_method` in
          [`fct_nccu_referral`](../bi/dictionary/marts.fct_nccu_referral.md) says which.
        - The figure of a month can rise for some weeks after its end, because late documents count for the month of the contact.
      history: &since_the_first_force
        - {day: "2026-11-24", what: First definition.}
        - day: "2026-11-27"
          what: >-
            The unit that the org-unit file lists as the whole force has no figure of its own any more. It is the unit `ALL`. No figure of
            the force changed.

  nccu_intel_compliance_all_types:
    point: NCCU_INTEL
    title: Referrals with their document, status checks counted
    description: >-
      Share of immigration crime referrals and status checks whose reporting officer submitted a valid intelligence
      document, in time or late. Referrals that are still awaiting a document are left out
    record: referral
    population: is_counted or (is_due and referral_type = 'STATUS_CHECK')
    met: is_compliant
    unit: share
    better: more
    words:
      meaning: >-
        The same question as in the first reading, but a plain check of somebody's immigration status is a reported case too.
        It has not been decided which reading is meant, so both are shown beside each other.
      numerator: Referrals and status checks in the denominator whose reporting officer submitted a valid document, in time or late.
      denominator: >-
        Referrals of the types immigration crime and status check, except those that are still awaiting a document within the {grace_hours}
        hours of grace.
      classes: {status_check: none}
      limits:
        - A status check often needs no document, so this reading is expected to be lower than the first.
        - A call that nobody recorded is not counted.
        - The figure of a month can rise for some weeks after its end, because late documents count for the month of the contact.
      history: *since_the_first_force

  nccu_status_check_compliance:
    point: NCCU_INTEL
    title: Status checks with their document
    description: >-
      Share of status checks whose reporting officer submitted a valid intelligence document, in time or late. Status
      checks that are still awaiting a document are left out
    record: referral
    population: is_due and referral_type = 'STATUS_CHECK'
    met: is_compliant
    unit: share
    better: more
    words:
      meaning: >-
        The part that the second reading counts beyond the first: plain checks of somebody's immigration status.
        It has not been decided whether a status check needs a document.
      numerator: Status checks in the denominator whose reporting officer submitted a valid document, in time or late.
      denominator: Referrals of the type status check, except those that are still awaiting a document within the {grace_hours} hours of grace.
      classes: {status_check: none, immigration_crime: nothing}
      public:
        title: Status checks with their document
        counts: >-
          Of the checks of a person's immigration status that officers asked the NCCU for by telephone, how many were followed by a valid
          intelligence report of the same officer. They count only in the second reading, because a status check often needs no report.
      limits:
        - A status check often needs no document, so a low share is no failure by itself.
        - A check that nobody recorded is not counted.
        - The figure of a month can rise for some weeks after its end, because late documents count for the month of the contact.
      history: [{day: "2026-11-30", what: First definition.}]

  nccu_intel_in_time:
    point: NCCU_INTEL
    title: Referrals with their document in time
    description: >-
      Share of immigration crime referrals whose reporting officer submitted a valid document within the timely hours
    record: referral
    population: is_counted
    met: intelligence_class = 'submitted_in_time'
    unit: share
    better: more
    words:
      meaning: >-
        The share of reported cases of immigration crime for which the reporting officer submitted the intelligence document quickly: within
        {timely_hours} hours.
        The difference from the first reading is what was submitted late.
      numerator: Counted referrals whose reporting officer submitted a valid document at most {timely_hours} hours after the contact.
      denominator: The same as of `nccu_intel_compliance`.
      classes: {submitted_late: denominator}
      limits:
        - The hours are elapsed hours. Nights, rest days and leave are not taken off.
        - A document that was submitted before the contact is in time, but at most {before_call_hours} hours before it.
        - A call that nobody recorded is not counted.
      history: *since_the_first_force

  nccu_hours_to_submission_p50:
    point: NCCU_INTEL
    title: Hours to the document, median
    description: Median hours from the contact to the submission of the document, for compliant referrals
    record: referral
    population: is_counted
    met: is_compliant
    unit: hours
    percentile: 0.5
    better: less
    words:
      meaning: >-
        How long the intelligence document usually takes. Half of the documents were submitted in fewer hours than this after the contact, and
        half took longer.
      numerator: None. The figure is the median of the hours from the contact to the submission.
      denominator: How many documents the hours are of. They are the referrals in the numerator of `nccu_intel_compliance`.
      classes: &hours_classes {submitted_by_other: nothing, submitted_invalid: nothing, missing: nothing}
      limits: &hours_limits
        - Only what was submitted has hours. A referral without a document makes this figure no worse, so read it beside `nccu_intel_compliance`.
        - Hours are negative for a document that was submitted before the contact.
        - There is no interval. With few documents a month the figure moves by chance.
        - Percentiles of months or teams cannot be added up or averaged.
      history: *since_the_first_force

  nccu_hours_to_submission_p90:
    point: NCCU_INTEL
    title: Hours to the document, nine of ten
    description: Hours from the contact within which the document of nine in ten compliant referrals was submitted
    record: referral
    population: is_counted
    met: is_compliant
    unit: hours
    percentile: 0.9
    better: less
    words:
      meaning: >-
        How long the slow documents take. Nine of ten documents were submitted within this many hours after the contact. One in ten took longer.
      numerator: None. The figure is the 90th percentile of the hours from the contact to the submission, interpolated between documents.
      denominator: How many documents the hours are of. They are the referrals in the numerator of `nccu_intel_compliance`.
      classes: *hours_classes
      limits: *hours_limits
      history: *since_the_first_force

  nccu_capture_completeness:
    point: NCCU_INTEL
    title: Detentions that were referred
    description: Share of occurrences with an immigration custody record that have at least one referral to the NCCU
    record: custody
    met: has_referral
    unit: share
    better: more
    words:
      meaning: >-
        Are cases reported at all? Somebody who is detained for an immigration offence should be known to the NCCU. This measure says for
        which share of such detentions there is a referral.
        It finds cases that the other measures cannot see, because nobody made the call.
      numerator: Occurrences in the denominator with at least one referral to the NCCU, of any type.
      denominator: >-
        Occurrences with a custody record for an immigration offence. A custody record without an occurrence counts as one of its own, without
        a referral.
      public:
        title: Immigration detentions that were referred
        counts: >-
          Of the incidents with a detention on immigration grounds, how many were reported to the NCCU.
      limits:
        - It sees cases that led to a detention. A case without one, such as a vehicle that was let go, leaves no trace here.
        - The referral need not be about the detained person. It need only belong to the same occurrence.
      history: *since_the_first_force

  intel_plan_strands_met:
    point: INTEL_PLAN
    title: Plan strands met
    description: >-
      Share of strands (collect, analyse, share) that have a plan with an owner, an approval, evidence and a review that
      is not overdue
    record: strand
    met: is_met
    unit: share
    better: more
    words:
      meaning: >-
        The force must have plans to collect, to analyse and to share information on organised immigration crime. This measure says how many
        of these three strands have a plan that is approved, owned, evidenced and under review.
      numerator: >-
        Strands with one plan that has an owner, an approval on or before the day, a reference to evidence, and a review date that is not
        before the day.
      denominator: The strands that policy requires, which are three.
      public:
        title: Strands of the intelligence plan
        counts: >-
          Of the three strands of intelligence work, how many have an approved plan with an owner, evidence, and a review that is
          not overdue. This is not about people, so it is always shown.
      limits:
        - It says that a plan is in order on paper. It says nothing of whether the plan is good, or followed.
        - A strand falls back to not met on the day after its review date, if no review is recorded.
        - With three strands, an interval says little.
      history: [{day: "2026-11-24", what: First definition.}]

  hydra_completion:
    point: HYDRA
    title: Hydra completed
    description: Share of relevant officers in post, excluding those on long-term absence, who attended and passed Hydra
    record: officer
    considers: {item_code: HYDRA}
    population: not is_long_term_absent
    met: is_complete
    unit: share
    better: more
    rests_on: [hydra/attendance]
    words:
      meaning: >-
        Hydra is an exercise for groups in which officers work through a case of organised immigration crime. This measure says which share of
        those who need it have attended and passed it.
        Officers who are absent for long are left out, because they cannot attend.
      numerator: Officers in the denominator who attended a session and passed it, on or before the day.
      denominator: Officers in post on the day whose role needs Hydra, except those on long-term absence.
      public:
        title: People who completed Hydra training
        counts: >-
          Of the people in post whose role needs the Hydra package, how many have completed it. People on long-term absence are not
          counted.
      limits:
        - >-
          A pass counts from the day of the session, although the attendance list is delivered later. So the last days of the current month
          can still rise.
        - A person who passed once stays complete. Nothing says how long the training lasts.
        - >-
          Places in sessions are limited. `forecast_date` in [`assurance_position`](../bi/dictionary/marts.assurance_position.md) takes them
          into account, this figure does not.
      history: *since_the_first_force

  hydra_completion_incl_absent:
    point: HYDRA
    title: Hydra completed, including people absent long term
    description: Share of relevant officers in post, including those on long-term absence, who attended and passed Hydra
    record: officer
    considers: {item_code: HYDRA}
    met: is_complete
    unit: share
    better: more
    rests_on: [hydra/attendance]
    words:
      meaning: >-
        The same as Hydra completed, with officers on long-term absence counted too. It shows how many will have to be trained once all are back.
      numerator: Officers in the denominator who attended a session and passed it, on or before the day.
      denominator: Officers in post on the day whose role needs Hydra, with those on long-term absence.
      classes: {long_term_absent: none}
      limits:
        - An officer who is absent cannot attend, so this reading can stay below the target without anybody's fault.
        - A person who passed once stays complete. Nothing says how long the training lasts.
      history: *since_the_first_force

  elearning_completion:
    point: ELEARNING
    title: E-learning completed
    description: Share of relevant officers in post, excluding those on long-term absence, who completed all four modules
    record: officer
    considers: {item_code: ELEARNING}
    population: not is_long_term_absent
    met: is_complete
    unit: share
    better: more
    rests_on: [lms/completions]
    words:
      meaning: >-
        The e-learning on organised immigration crime has four modules. This measure says which share of those who need it have completed all
        four. Officers who are absent for long are left out.
      numerator: Officers in the denominator who completed each of the four modules, in the version that policy requires, on or before the day.
      denominator: Officers in post on the day whose role needs the e-learning, except those on long-term absence.
      public:
        title: People who completed all four modules
        counts: >-
          Of the people in post whose role needs the four e-learning modules, how many have completed all four. People on long-term
          absence are not counted.
      limits: &elearning_limits
        - Three modules of four count as not complete. The measures of the modules show where people stop.
        - A completion says that the module was finished. It does not say what was learned.
        - With a new version of a module, all who need it are not complete until they take it.
      history: *since_the_first_force
      policy: &of_all_modules {policy_role_requirement: [OIC-EL-1, OIC-EL-2, OIC-EL-3, OIC-EL-4], policy_training_item: [ELEARNING]}

  elearning_completion_incl_absent:
    point: ELEARNING
    title: E-learning completed, including people absent long term
    description: Share of relevant officers in post, including those on long-term absence, who completed all four modules
    record: officer
    considers: {item_code: ELEARNING}
    met: is_complete
    unit: share
    better: more
    rests_on: [lms/completions]
    words:
      meaning: >-
        The same as e-learning completed, with officers on long-term absence counted too. It shows how many will have to learn once all are back.
      numerator: Officers in the denominator who completed each of the four modules, in the version that policy requires, on or before the day.
      denominator: Officers in post on the day whose role needs the e-learning, with those on long-term absence.
      classes: {long_term_absent: none}
      limits: *elearning_limits
      history: *since_the_first_force
      policy: *of_all_modules

  elearning_module_1: &module
    point: ELEARNING
    title: E-learning module 1
    description: Share of relevant officers in post, excluding those on long-term absence, who completed module 1
    record: officer
    considers: {item_code: OIC-EL-1}
    population: not is_long_term_absent
    met: is_complete
    unit: share
    better: more
    rests_on: [lms/completions]
    words:
      meaning: >-
        How many of those who need the e-learning have completed {title}. All four modules are measured over the same people, so they can be
        compared: the lowest is the one at which people stop.
      numerator: Officers in the denominator who completed this module, in the version that policy requires, on or before the day.
      denominator: Officers in post on the day whose role needs the e-learning, except those on long-term absence.
      limits:
        - An officer who needs the e-learning but not this module is counted as not complete. With the policy of today there is no such officer.
        - A completion says that the module was finished. It does not say what was learned.
      history: *since_the_first_force

  elearning_module_2:
    <<: *module
    title: E-learning module 2
    description: Share of relevant officers in post, excluding those on long-term absence, who completed module 2
    considers: {item_code: OIC-EL-2}

  elearning_module_3:
    <<: *module
    title: E-learning module 3
    description: Share of relevant officers in post, excluding those on long-term absence, who completed module 3
    considers: {item_code: OIC-EL-3}

  elearning_module_4:
    <<: *module
    title: E-learning module 4
    description: Share of relevant officers in post, excluding those on long-term absence, who completed module 4
    considers: {item_code: OIC-EL-4}
{% endraw %}{% endset -%}
    {#- If a force has other measures, Python hands all of them over. -#}
    {{ return(fromyaml(env_var("ASSURANCE_DECLARED", "") or text)) }}
{%- endmacro %}

{#- The measures by code, in the order in which they are declared. -#}
{% macro measures() -%} {{ return(declared()["measures"]) }} {%- endmacro %}

{#- The kinds of record that measures count, by name. -#}
{% macro records() -%} {{ return(declared()["records"]) }} {%- endmacro %}

{#- What the rules read of each source, by name. -#}
{% macro readings() -%} {{ return(declared()["readings"]) }} {%- endmacro %}

{#- What a build computes: all measures, the records of all kinds, and all readings. A unit test overrides
    these macros with what it is about, so that a new measure or source changes none of the others. -#}
{% macro counted_measures() -%} {{ return(measures() | list) }} {%- endmacro %}

{% macro counted_records() -%} {{ return(records() | list) }} {%- endmacro %}

{% macro followed_readings() -%} {{ return(readings() | list) }} {%- endmacro %}
