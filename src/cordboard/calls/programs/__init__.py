"""Programs that talk to a caller: steps, variables and digits, one input after the other."""
