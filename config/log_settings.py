"""Settings of the log and its notary."""

from config import env

NOTARY_INTERVAL_MS = env.integer(
    "ASSAY_NOTARY_INTERVAL", 300, "Pause between two rounds of the notary, in ms.", minimum=10
)
EXPORT_NOTARY_SECONDS = env.integer(
    "ASSAY_EXPORT_WAIT", 60, "How long an export waits for the notary's checkpoint.", minimum=1
)
FAIL_AT = env.text(
    "ASSAY_FAIL_AT", "", "For tests of crashes only: the step at which a process kills itself."
)
