"""From raw versions to candidate marts: dbt, in this process."""
