"""What must be kept, what may go, and what is left of it: holds, rules, deletions, tombstones."""
