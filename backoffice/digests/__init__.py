"""The summary of what waits for each person, by email, on the mornings that they chose."""
