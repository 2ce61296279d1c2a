"""What moves payment requests. `advance.advance` is the door; `states` (one room up) the map."""
