"""Live streams, against a real server process."""
