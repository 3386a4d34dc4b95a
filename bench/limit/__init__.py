"""What no service can beat: one statement written by hand, its JSON behind the thinnest server that takes HTTP."""
