"""What is known of one member: handed to them as a file, and erased when the time has come."""
