"""The records management system: occurrences, custody records and referrals to the NCCU."""
