"""What a policy says: its fields, kinds and documents, publishing, comparison, trials."""
