"""`manage.py doctor`: what is wrong with this installation, in a sentence each, and what to do. It changes nothing."""
