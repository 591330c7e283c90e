"""The Excel files of the governance team: the plan register and the recommendation log."""
