"""Land rejected rows again, as they were delivered or after somebody has corrected them."""
