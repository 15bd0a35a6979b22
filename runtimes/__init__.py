"""Models as bytes: what they promise, whether they are safe, how to run them. No Django."""

import os

# onnxruntime's Linux builds since 1.29 write a device number to the home directory and send usage
# data to their maker unless this stands in the environment before the first import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
