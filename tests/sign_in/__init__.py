"""Signing in: guesses, second factors, sessions, a hospital's own sign-in, accounts and their keepers."""
