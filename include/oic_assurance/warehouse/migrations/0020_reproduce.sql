-- A build can compute an earlier publication again: then it quotes that one's evidence, not its own.

alter table audit.build add column reproduces bigint references audit.build (build_id);
comment on column audit.build.reproduces is
'The publication that it computes again, with what that one knew; empty for all others.';
