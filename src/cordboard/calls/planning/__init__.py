"""From a request to a plan: who is meant, what may be rung, and how it is explained."""
