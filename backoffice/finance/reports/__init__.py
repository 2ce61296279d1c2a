"""Reports: what the books say of some days, as values; their pages, files and closed months are made of these."""
