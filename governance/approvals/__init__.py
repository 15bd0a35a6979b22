"""What an approval lets be done, and how it ends."""
