"""What the commands need: a client of a running server, a store, and how answers look."""
