"""A call that runs: its parts, and what follows when something happens to one of them."""
