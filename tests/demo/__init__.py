"""The demo network, its stories, its emergencies and its nights."""
