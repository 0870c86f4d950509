"""The Basix (Brastel) HTTP API: call_user, call_group, call_external and initiate_call."""
