"""Ringing the two legs: their hunts and channels, whom that asks, what is written down of it."""
