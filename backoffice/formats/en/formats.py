"""Dates that fit a column, of one length wherever they stand. They break between day and hour, and nowhere else."""

DATE_FORMAT = "M\xa0j,\xa0Y"
DATETIME_FORMAT = "M\xa0j,\xa0Y, g:i\xa0A"
