"""What is unusual about a payment before it is sent, how strictly that counts, and what whoever sends it answers."""
