-- The records management system. As in real systems, its screens check the code lists, but its
-- tables do not, so a table can have values that are on no list. Landing checks them. Only these
-- columns are never null: the record's key, its own reference if it has one, `created_at` and
-- `updated_at`.
create schema if not exists rms;

create table if not exists rms.occurrence (
    occurrence_id bigint primary key,
    occurrence_ref text not null unique,
    incident_type_code text,
    offence_code text,
    is_oic boolean,
    detection_route text,
    district_code text,
    persons_count integer,
    status text,
    occurred_at timestamptz,
    reported_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);

create table if not exists rms.nccu_referral (
    referral_id bigint primary key,
    referral_ref text not null unique,
    occurrence_ref text,
    reporting_officer_no text,
    contacted_at timestamptz,
    channel text,
    referral_type text,
    persons_count integer,
    nccu_reference text,
    outcome text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);

create table if not exists rms.custody_record (
    custody_id bigint primary key,
    occurrence_ref text,
    arresting_officer_no text,
    detention_reason_code text,
    detained_at timestamptz,
    released_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);

create index if not exists occurrence_updated_at on rms.occurrence (updated_at);
create index if not exists nccu_referral_updated_at on rms.nccu_referral (updated_at);
create index if not exists custody_record_updated_at on rms.custody_record (updated_at);
