"""Movements of the books, row by row: which of them a figure sums up, and their list."""
