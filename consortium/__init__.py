"""Who and where: members, people, patients, and what every case shares; the bottom room of the house."""
