"""What the governance team keeps in Excel: the plan register and the log of recommendations."""
