"""Telling other programs that money moved: which events there are, who listens, how each is signed and sent."""
