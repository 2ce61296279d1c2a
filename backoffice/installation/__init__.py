"""Whether this installation is one that may hold money: its secrets, its settings, its files."""
