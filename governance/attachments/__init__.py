"""Files attached to comments, findings and answers."""
