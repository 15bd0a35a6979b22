"""Dataset snapshots as tables, read from CSV, Parquet and NPZ."""
