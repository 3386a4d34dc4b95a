"""Tests of the whole-slide reader, checker and generator."""
