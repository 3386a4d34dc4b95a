"""What `./refnet` does: prepare packages and database, run one command; runs before anything is installed."""
