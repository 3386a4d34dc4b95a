"""The same work as ours, written by hand for the measurements: psycopg2 and SQL, no framework."""
