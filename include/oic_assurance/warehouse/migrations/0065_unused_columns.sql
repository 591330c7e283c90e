-- Columns that no model, check or page uses are not extracted any more (docs/explanation/minimisation.md). Raw loses them with
-- the next landing, and archived extracts with `assurance batch minimise`. Quarantine loses them here.

update audit.rejected_row set content = content - 'nccu_reference' where dataset = 'rms/nccu_referral' and jsonb_typeof(content) = 'object';
update audit.rejected_row set content = content - 'offence_code' where dataset = 'rms/occurrence' and jsonb_typeof(content) = 'object';
update audit.rejected_row set content = content - 'venue' where dataset = 'hydra/attendance' and jsonb_typeof(content) = 'object';
update audit.rejected_row
set content = content - array['product_type', 'is_oic', 'approved_at']
where dataset = 'intelligence/product' and jsonb_typeof(content) = 'object';
