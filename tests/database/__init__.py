"""The database by itself: what plain SQL may see and do as the application."""
