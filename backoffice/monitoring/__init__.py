"""What a monitoring system and the doctor are told of the machinery: what waits, since when, and what failed."""
