"""What the records management system holds: occurrences, custody records, referrals to the NCCU."""
