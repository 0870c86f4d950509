"""People who answer: how they stand in their groups, whom one rings next, who waits for them."""
