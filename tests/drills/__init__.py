"""Drills: promises about races and crashes, shown on a real PostgreSQL; `./refnet drill NAME`."""
