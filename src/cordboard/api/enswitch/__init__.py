"""Enswitch's JSON API, as 015pbx and other operators have it: calls/make, and what tracks calls."""
