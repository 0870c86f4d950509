"""The running server: how it is put together, kept up to date, watched and stopped."""
