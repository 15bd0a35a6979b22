"""The time machine: what was live, who answered for what, and what a dataset decided.

Answers come from facts that only grow (moves, envelopes, revocations, events) and that were written
by the moment asked about; today's state plays no part.
"""
