"""What can be checked with keys alone: canonical bytes, digests, signatures, the log's proofs.

Knows no Django and no database. The stand-alone verifier is generated from these modules.
"""
