"""While1 Voice's API: originate-call, and what tracks the calls that it placed."""
