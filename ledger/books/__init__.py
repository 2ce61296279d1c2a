"""The books: dated movements of money's figures, their sums, and months that are closed."""
