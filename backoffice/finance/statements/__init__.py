"""Sources of statements, and the files that are imported from them."""
