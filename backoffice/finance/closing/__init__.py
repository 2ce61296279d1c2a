"""Closing months: what is still open, the act itself, what was kept, and opening one again by two people."""
