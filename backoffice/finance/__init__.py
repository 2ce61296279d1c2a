"""Finance: what the books say, as reports, files and months that are closed."""
