"""Just enough Django for the jobs: their processes start fast, and no app can interfere.

Every value that a test changes for the processes it starts comes from the environment.
"""

import os
from pathlib import Path

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
SECRET_KEY = "tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "worker"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
_URL = os.environ.get("DATABASE_URL", "postgresql://nobody@/nowhere")
DATABASES = {"default": {**env.database(_URL), "CONN_MAX_AGE": 60}}
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
JOB_DIR = Path(os.environ.get("ASSAY_JOBS", "nowhere"))
JOB_KINDS = "tests.worker.kinds:KINDS"
JOB_PERIODIC = "tests.worker.kinds:PERIODIC"
JOB_LEASE_SECONDS = 3
JOB_HEARTBEAT_SECONDS = 1
JOB_POLL_SECONDS = 0.2
JOB_LOOK_SECONDS = float(os.environ.get("TEST_LOOK_SECONDS", "0.5"))
JOB_ROUND_SECONDS = 0.3
JOB_GRACE_SECONDS = 1
JOB_ATTEMPTS = 3
JOB_MOST_OPEN = 100
JOB_MEMORY_BYTES = 2**29
JOB_WALL_SECONDS = int(os.environ.get("TEST_WALL_SECONDS", "60"))
JOB_THREADS = 1
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
