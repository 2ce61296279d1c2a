"""What the overview and its further pages tell in numbers: each with the list of exactly the rows that it counts."""
