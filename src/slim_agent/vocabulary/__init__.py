"""Nouns that two or more rooms share, and the failure tree. Pure: no input or output."""
