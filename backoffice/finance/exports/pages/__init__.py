"""The pages on which a list is exported, and on which its files are."""
