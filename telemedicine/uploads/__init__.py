"""Slides on their way in: announced, received piece by piece over poor lines, checked, and put into the store."""
