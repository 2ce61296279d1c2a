"""What stands between strangers and the pages: who is listened to, how much, how often."""
