"""Signing in: password and second factor, sessions and their end, a hospital's own sign-in (OpenID Connect)."""
