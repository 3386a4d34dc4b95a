"""Steps of the green channel, domain specification, section 4: broadcast, offers, the journey, its times."""
