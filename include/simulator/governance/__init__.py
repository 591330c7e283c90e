"""The plan register, the recommendation log and the Board's log of the governance team."""
