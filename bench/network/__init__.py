"""A province's referrals by the million, loaded by COPY into a database of their own and used again by the next run."""
