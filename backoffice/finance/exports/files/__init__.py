"""How rows become a file, and where the file lies."""
