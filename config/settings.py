"""All settings, read from the environment; every one has a working default for a first start."""

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from config import env
from config.content_policy import *  # noqa: F403
from config.log_settings import *  # noqa: F403
from config.platform import sockets
from config.second_factors import *  # noqa: F403
from config.settings_mail import *  # noqa: F403
from config.settings_oidc import *  # noqa: F403

# onnxruntime's Linux build reports home unless this is set before its first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where things lie -----------------------------------------------------------------------
VAR = env.path("ASSAY_VAR", BASE_DIR / "var", "var/", "Folder of everything the instance keeps.")
BLOB_DIR = env.path("ASSAY_BLOBS", VAR / "blobs", "var/blobs", "Folder of the blob store.")
UPLOAD_DIR = env.path(
    "ASSAY_UPLOADS", VAR / "uploads", "var/uploads", "Unfinished uploads; same disk as the blobs."
)
JOB_DIR = env.path("ASSAY_JOBS", VAR / "jobs", "var/jobs", "Working folders of jobs.")
SEGMENT_DIR = env.path(
    "ASSAY_SEGMENTS", VAR / "segments", "var/segments", "Prediction records not yet shipped."
)
_KEYS, _SHOWN = VAR / "trusted-keys.txt", "var/trusted-keys.txt"
TRUSTED_KEYS = env.path("ASSAY_TRUSTED_KEYS", _KEYS, _SHOWN, "Public keys of the notary, by line.")
WITNESSES = env.path(
    "ASSAY_WITNESSES", VAR / "witnesses.txt", "var/witnesses.txt", "Witnesses: address and key."
)
ANCHOR_FILE = env.text("ASSAY_ANCHOR_FILE", "", "Where the notary appends checkpoints, if set.")
TIMESTAMPS = env.path(
    "ASSAY_TIMESTAMPS", VAR / "timestamps", "var/timestamps", "Checkpoints with time-stamp tokens."
)
TSA_URL = env.text("ASSAY_TSA_URL", "", "Time-stamping authority (RFC 3161), if there is one.")
TSA_ROOTS = env.text("ASSAY_TSA_ROOTS", "", "PEM file: the roots that its certificates lead to.")
ANCHOR_EVERY = env.integer("ASSAY_ANCHOR_EVERY", 1, "Every which one of them.", minimum=1)
NOTARY_KEY_DIR = env.path(
    "ASSAY_NOTARY_KEYS",
    VAR / "notary",
    "var/notary",
    "Private keys of the notary; readable by the notary's operating-system user alone.",
)

# --- Security -------------------------------------------------------------------------------
SECRET_KEY = env.text("ASSAY_SECRET_KEY", "", "Signs sessions; kept in var/secret-key if empty.")
SECRET_KEY = SECRET_KEY or env.local_secret(VAR)
DEBUG = False
ALLOWED_HOSTS = env.words(
    "ASSAY_HOSTS", "localhost,127.0.0.1,[::1]", "Host names that the pages answer to."
)
PUBLIC_URL = env.text("ASSAY_URL", "http://localhost:8300", "Address of the pages for people.")
INFERENCE_URL = env.text(
    "ASSAY_INFERENCE_URL", "http://localhost:8301", "Address of the inference app for people."
)
ORIGIN = env.text("ASSAY_ORIGIN", "assay.local", "Name of this instance's audit log.")
_TLS = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "config.edges.csrf_failure"
SESSION_COOKIE_NAME = "__Host-session" if _TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _TLS else "csrf"
LANGUAGE_COOKIE_NAME = "language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.integer(
    "ASSAY_SESSION_SECONDS", 12 * 3600, "Life of a signed-in session in seconds.", minimum=60
)
SECURE_HSTS_SECONDS = 63072000 if _TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _TLS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Application ----------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "audit",
    "accounts",
    "worker",
    "registry",
    "evaluation",
    "training",
    "governance",
    "inference",
    "compliance",
    "web",
    "config",
]
MIDDLEWARE = [
    "config.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.Refusals",
    "config.middleware.NotedSession",
]
ROOT_URLCONF = "config.urls_web"
WSGI_APPLICATION = "config.wsgi_web.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["web.templatetags.assay", "django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "web.context.shell",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database: three roles ------------------------------------------------------------------
DATABASE_URL = env.text(
    "DATABASE_URL", "", "Database address of the app role; empty: the embedded PostgreSQL."
)
DATABASE_OWNER_URL = env.text(
    "DATABASE_OWNER_URL", "", "Database address of the owner role; for set-up commands only."
)
DATABASE_NOTARY_URL = env.text(
    "DATABASE_NOTARY_URL", "", "Database address of the notary role; for the notary alone."
)
EMBEDDED_DATABASE = not DATABASE_URL
if EMBEDDED_DATABASE:
    DATABASE_URL, DATABASE_OWNER_URL, DATABASE_NOTARY_URL = (
        sockets.address(role, sockets.socket_folder(VAR)) for role in ("app", "owner", "notary")
    )
DATABASE_ROLE = env.text(
    "ASSAY_DATABASE_ROLE", "app", "Which of the addresses this process uses: app, owner, notary."
)
_ADDRESSES = {
    "app": DATABASE_URL,
    "owner": DATABASE_OWNER_URL or DATABASE_URL,
    "notary": DATABASE_NOTARY_URL or DATABASE_URL,
}
DATABASES = {"default": env.database(_ADDRESSES[DATABASE_ROLE])}
DATABASES["default"]["CONN_MAX_AGE"] = 60

# --- People ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_PASSWORDS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_PASSWORDS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_PASSWORDS}.CommonPasswordValidator"},
    {"NAME": f"{_PASSWORDS}.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapters.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "change_password": "5/5m/user",
}
PASSWORD_TRIES = env.integer(
    "ASSAY_PASSWORD_TRIES", 5, "Wrong passwords at a signature before a pause.", minimum=1
)
PASSWORD_TRIES_SECONDS = env.integer(
    "ASSAY_PASSWORD_PAUSE", 300, "Length of that pause in seconds.", minimum=1
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Over this many Django throws away some of them at random, counters of wrong passwords too.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Language and time ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ---------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("ASSAY_STATIC", VAR / "static", "var/static", "Collected static files.")
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # unique whatever the case, by a constraint
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Limits ---------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer(
    "ASSAY_MAX_BODY", 2 * 2**20, "Largest JSON or form body in bytes; uploads stream past it."
)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
MAX_ARTIFACT_BYTES = env.integer(
    "ASSAY_MAX_ARTIFACT", 4 * 2**30, "Largest artifact in bytes.", minimum=1
)
MAX_MODEL_BYTES = env.integer(
    "ASSAY_MAX_MODEL", 1536 * 2**20, "Largest ONNX model in bytes.", minimum=1
)
MAX_DATASET_BYTES = env.integer(
    "ASSAY_MAX_DATASET", 512 * 2**20, "Largest dataset snapshot in bytes.", minimum=1
)
MAX_ATTACHMENT_BYTES = env.integer(
    "ASSAY_MAX_ATTACHMENT", 20 * 2**20, "Largest file attached in a review, in bytes.", minimum=1
)
MAX_DATASET_ROWS = env.integer(
    "ASSAY_MAX_DATASET_ROWS", 5_000_000, "Most rows of a dataset snapshot.", minimum=1
)
MAX_REGISTER_BYTES = env.integer(
    "ASSAY_MAX_REGISTER", 4 * 2**20, "Largest CSV of the register to import, in bytes.", minimum=1
)
MAX_REGISTER_ROWS = env.integer(
    "ASSAY_MAX_REGISTER_ROWS", 500, "Most models of one import of the register.", minimum=1
)
REVALIDATION_MONTHS = env.numbers(
    "ASSAY_REVALIDATION_MONTHS",
    {"high": 12, "medium": 24, "low": 36},
    "Months from one validation to the next, by risk tier.",
    minimum=1,
    maximum=120,
)
MAX_PREDICT_ROWS = env.integer(
    "ASSAY_MAX_PREDICT_ROWS", 1000, "Most rows of one prediction request.", minimum=1
)
SERVER_MEMORY_BYTES = env.integer(
    "ASSAY_SERVER_MEMORY", 0, "Most memory of a web or inference process; 0: 3/4 of the machine's."
)
MAX_OPEN_UPLOADS = env.integer(
    "ASSAY_MAX_OPEN_UPLOADS", 20, "Open uploads of a person; a version takes up to 16.", minimum=1
)
UPLOAD_LIFE_HOURS = env.integer(
    "ASSAY_UPLOAD_HOURS", 48, "Hours after which an unfinished upload is removed.", minimum=1
)
SANDBOX_WALL_SECONDS = env.integer(
    "ASSAY_SANDBOX_SECONDS", 60, "Longest time of a model's admission check.", minimum=1
)
SANDBOX_MEMORY_BYTES = env.integer(
    "ASSAY_SANDBOX_MEMORY", 4 * 2**30, "Address space of the admission check.", minimum=2**28
)

# --- Jobs -----------------------------------------------------------------------------------
CELERY_BROKER_URL = env.text(
    "CELERY_BROKER_URL", f"filesystem://{VAR / 'broker'}", "Broker: filesystem, redis or amqp."
)
JOB_LEASE_SECONDS = env.integer("ASSAY_JOB_LEASE", 60, "Lease of a running job.", minimum=2)
JOB_HEARTBEAT_SECONDS = env.integer(
    "ASSAY_JOB_HEARTBEAT", 15, "How often a slot renews the lease.", minimum=1
)
JOB_ATTEMPTS = env.integer("ASSAY_JOB_ATTEMPTS", 3, "Tries before a job has failed.", minimum=1)
JOB_MOST_OPEN = env.integer(
    "ASSAY_JOBS_OPEN", 100, "Most jobs of a login that have not ended.", minimum=1
)
JOB_MEMORY_BYTES = env.integer(
    "ASSAY_JOB_MEMORY", 16 * 2**30, "Address space of a job's process.", minimum=2**30
)
JOB_WALL_SECONDS = env.integer(
    "ASSAY_JOB_SECONDS", 6 * 3600, "Longest time of one job's try.", minimum=1
)
JOB_POLL_SECONDS = env.integer(
    "ASSAY_JOB_POLL", 1, "How often a slot looks whether its job was cancelled.", minimum=1
)
JOB_LOOK_SECONDS = env.integer(
    "ASSAY_JOB_LOOK", 2, "How often a slot looks for jobs by itself.", minimum=1
)
JOB_ROUND_SECONDS = env.integer("ASSAY_JOB_ROUND", 2, "Pause of the clock's rounds.", minimum=1)
JOB_GRACE_SECONDS = env.integer(
    "ASSAY_JOB_GRACE", 10, "Time that a cancelled job gets before it is killed.", minimum=1
)
JOB_THREADS = env.integer("ASSAY_JOB_THREADS", 1, "Compute threads of a job.", minimum=1)

# --- Inference ------------------------------------------------------------------------------
ENVIRONMENT = env.text("ASSAY_ENVIRONMENT", "", "Where this process serves, as approvals name it.")
SERVING_POLL_MS = env.integer(
    "ASSAY_SERVING_POLL", 200, "How often serving looks for changes, in ms.", minimum=20
)
SERVING_CONTACT_SECONDS = env.integer(
    "ASSAY_SERVING_CONTACT",
    1,
    "Seconds without an answer of the database before the grace of an approval begins.",
)
PREDICT_SECONDS = env.integer(
    "ASSAY_PREDICT_SECONDS", 10, "Longest time of one run of a model.", minimum=1
)
SEGMENT_SECONDS = env.integer(
    "ASSAY_SEGMENT_SECONDS",
    5,
    "Age in seconds at which a segment of prediction records is shipped and sealed in the log.",
    minimum=1,
)
SEGMENT_SYNC_MS = env.integer(
    "ASSAY_SEGMENT_SYNC", 50, "Prediction records are flushed to disk in groups this long, in ms."
)

# --- REST -----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.handle",
    "DEFAULT_PAGINATION_CLASS": "common.paging.KeysetPagination",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": False,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Model registry in which an approval is a signed record.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.openapi.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "RiskTierEnum": "registry.models.RiskTier",
        "VersionStatusEnum": "registry.models.Status",
        "JobStatusEnum": "worker.models.Status",
        "ReviewStateEnum": "governance.models.ReviewState",
        "DecisionEnum": "governance.models.SignDecision",
        "RoleEnum": "accounts.roles.Role",
        "AnsweringEnum": "governance.approvals.answering.ANSWERINGS",
        "HeldEnum": "compliance.retention.models.Held",
        "ProposalKindEnum": "accounts.proposals.kinds.KIND_CHOICES",
        "WaitingKindEnum": "governance.waiting.lines.KIND_CHOICES",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# --- Logs -----------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # A wrong Host is no defect: `config.edges` says so in one line, without a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
