-- No program deletes the record of a replaced text, so no login may.
revoke delete on audit.replaced_value from oic_landing;
