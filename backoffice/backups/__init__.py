"""The whole database as one file that says what it is; put back, it starts paused."""
