-- The intelligence system. The extraction login cannot read `narrative` and `source_identity`, so
-- both columns never leave this database. Only these columns are never null: the record's
-- key, the reference of a report, `created_at` and `updated_at`.
create schema if not exists intel;

create table if not exists intel.report (
    report_id bigint primary key,
    report_urn text not null unique,
    document_type_code text,
    grading_scheme text,
    source_evaluation text,
    intelligence_assessment text,
    handling_code text,
    handling_conditions text,
    protective_marking text,
    author_officer_no text,
    occurrence_ref text,
    nccu_referral_ref text,
    status text,
    submitted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    narrative text,
    source_identity text
);

create table if not exists intel.dissemination (
    dissemination_id bigint primary key,
    report_urn text,
    recipient_agency text,
    shared_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);

create table if not exists intel.product (
    product_id bigint primary key,
    product_type text,
    is_oic boolean,
    approved_at timestamptz,
    covers_from date,
    covers_to date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);

create index if not exists report_updated_at on intel.report (updated_at);
create index if not exists dissemination_updated_at on intel.dissemination (updated_at);
create index if not exists product_updated_at on intel.product (updated_at);
