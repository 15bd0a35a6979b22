"""What waits for a person, as lines, and the mail that tells of it."""
