"""What people see at the door, and of their own sign-in."""
