"""What rows mean to people: reasons, amounts, timelines, whose turn it is, in the reader's language."""
