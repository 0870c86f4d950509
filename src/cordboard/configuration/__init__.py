"""The configuration file: its sections, their bounds, and every problem with its line."""
