"""Whether the records contradict their bytes, each other, the approvals or the log."""
