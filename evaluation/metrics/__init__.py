"""Metrics as pure functions of arrays. `catalogue` lists them; numpy is all they import."""
