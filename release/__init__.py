"""What is looked at and written for each release: known vulnerabilities of the packages, and the list of them."""
