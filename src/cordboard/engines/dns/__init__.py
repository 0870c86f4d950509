"""Finding the servers of trunks: resolvers behind a port, a cache, and who has failed."""
