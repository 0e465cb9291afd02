"""Settings. Everything that differs between machines is read from the environment, here only.

Without DATABASE_URL and IWAKAN_BROKER_URL the addresses come from the stack that
`manage.py up` runs below IWAKAN_VAR; see `webapp/stack_address.py`.
"""

import os
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from webapp.stack_address import embedded_address

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Where this installation keeps its files: embedded servers, media, work folders of jobs.
VAR_DIR = Path(env("IWAKAN_VAR", default=str(BASE_DIR / "var"))).resolve()
EMBEDDED = embedded_address(VAR_DIR)

DEBUG = env.bool("IWAKAN_DEBUG", default=False)
SECRET_KEY = env("IWAKAN_SECRET_KEY", default=EMBEDDED.secret_key)
# The two commands that make the key themselves, and the one that removes it, need none.
if not SECRET_KEY and sys.argv[1:2] not in (["up"], ["demo"], ["remove_data"]):
    raise ImproperlyConfigured(
        "IWAKAN_SECRET_KEY is not set. Give the site a long random secret, or start it with "
        "`python manage.py up`, which makes one."
    )
if SECRET_KEY and (len(SECRET_KEY) < 32 or len(set(SECRET_KEY)) < 8):
    raise ImproperlyConfigured(
        "IWAKAN_SECRET_KEY is too easy to guess: whoever does can log in as anybody. Take what "
        "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` prints."
    )
# Off only for the embedded stack, which listens on loopback without a certificate.
HTTPS = env.bool("IWAKAN_HTTPS", default=not EMBEDDED.is_running)
if DEBUG and HTTPS:
    raise ImproperlyConfigured(
        "IWAKAN_DEBUG shows the insides of the site to every visitor. Use it only on your own "
        "machine, together with IWAKAN_HTTPS=false."
    )
ALLOWED_HOSTS = env.list("IWAKAN_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("IWAKAN_TRUSTED_ORIGINS", default=[])
# Proxies before the site, by address: what they say of where a request came from is believed.
TRUSTED_PROXIES = env.list("IWAKAN_TRUSTED_PROXIES", default=[])
# How a person reaches the site: used in links that leave it (invitations, `demo`).
SITE_URL = env("IWAKAN_SITE_URL", default=EMBEDDED.site_url)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "webapp.common",
    "webapp.audit",
    "webapp.accounts",
    "webapp.jobs",
    "webapp.datasets",
    "webapp.runs",
    "webapp.results",
    "webapp.sharing",
    "webapp.deleting",
    "webapp.pages",
    "webapp.api",
]
MIDDLEWARE = [
    "webapp.sharing.middleware.SharedAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webapp.common.middleware.RequestIdMiddleware",
    "webapp.common.middleware.ContentSecurityPolicyMiddleware",
    "webapp.common.middleware.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "webapp.common.middleware.LoginRequiredMiddleware",
    "webapp.common.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webapp.common.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webapp.common.context.site",
            ],
        },
    },
]
APPEND_SLASH = False  # a redirected POST would lose its body; paths have one form

DATABASES = {"default": env.db_url("DATABASE_URL", default=EMBEDDED.database_url)}
# Threads of a process share connections; one that the database has closed is not handed out.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": env.int("IWAKAN_DATABASE_CONNECTIONS", default=20),  # of each process
    "timeout": 5,  # seconds to wait for one, and for a database that is away
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Browsers take a cookie named __Host- only from this very host, over HTTPS.
SESSION_COOKIE_NAME = "__Host-iwakan_session" if HTTPS else "iwakan_session"
CSRF_COOKIE_NAME = "__Host-iwakan_csrf" if HTTPS else "iwakan_csrf"
CSRF_COOKIE_HTTPONLY = True  # scripts find the token in the page
CSRF_FAILURE_VIEW = "webapp.common.error_pages.csrf_failure"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
# Those with a catalogue; people are asked for theirs once there is more than one.
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "webapp.common.finders.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# Videos, proxies, checkpoints. Any Django storage; a folder unless the lab names another.
MEDIA_ROOT = Path(env("IWAKAN_MEDIA_ROOT", default=str(VAR_DIR / "media")))
STORAGES = {
    "default": {
        "BACKEND": env(
            "IWAKAN_STORAGE_BACKEND", default="django.core.files.storage.FileSystemStorage"
        ),
        "OPTIONS": env.json("IWAKAN_STORAGE_OPTIONS", default={}),
    },
    "features": {"BACKEND": "webapp.datasets.models.storage.FeaturesStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
# The features that are made here: always a folder, seen by the site and by every worker, since
# trainings map them from disk. Videos' names and teams' do not show in it.
FEATURES_ROOT = Path(env("IWAKAN_FEATURES_ROOT", default=str(MEDIA_ROOT / "features")))
# Whether scoring also stores where in the picture errors lie: about 2 MB for a test video at most.
STORE_ERROR_MAPS = env.bool("IWAKAN_STORE_ERROR_MAPS", default=True)
# Server folders from which members may register datasets, separated like PATH.
DATA_ROOTS = [
    Path(root).resolve()
    for root in env("IWAKAN_DATA_ROOTS", default=str(VAR_DIR / "data")).split(os.pathsep)
    if root
]
# Folders with methods of one's own, beside those that are installed, separated like PATH.
PLUGIN_PATH = [path for path in env("IWAKAN_PLUGIN_PATH", default="").split(os.pathsep) if path]

# Jobs. Their rows in Postgres are the truth; the broker only rings.
CELERY_BROKER_URL = env("IWAKAN_BROKER_URL", default=EMBEDDED.broker_url)
# CPU threads for a job on this worker; 0: an equal share of its cores for each of its slots.
WORKER_THREADS = env.int("IWAKAN_THREADS", default=0)
# Processes that learn together in a training on this worker; each has a GPU where there are any.
TRAINING_PROCESSES = env.int("IWAKAN_TRAINING_PROCESSES", default=1)
# Jobs that share the scoring of a run, or the extraction of features; 0: one for each slot of the
# workers that can be heard.
SCORING_SHARDS = env.int("IWAKAN_SCORING_SHARDS", default=0)
# Fewer frames are no shard of their own: a child with torch takes seconds to start.
SCORING_SHARD_FRAMES = env.int("IWAKAN_SCORING_SHARD_FRAMES", default=5_000)
WORK_DIR = Path(env("IWAKAN_WORK_DIR", default=str(VAR_DIR / "work")))
JOB_LEASE_SECONDS = 10
JOB_MISSED_LEASES = 3  # leases without renewal until a job counts as lost
JOB_CANCEL_GRACE_SECONDS = 3  # between TERM and KILL
JOB_MAX_TRIES = 3  # a job that is lost three times is not tried again

# Walls around what a job runs (docs/security.md). Without them a method could read the secrets of
# the site: where they are required, a machine that cannot build walls runs no job.
WALLS = env.bool("IWAKAN_WALLS", default=True)
REQUIRE_WALLS = env.bool("IWAKAN_REQUIRE_WALLS", default=False)
JOB_NETWORK = env.bool("IWAKAN_JOB_NETWORK", default=False)  # whether jobs may use the network
# What one job may allocate, and how long a file it may write; 0: as much as there is.
PHYSICAL_MEMORY_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
JOB_MEMORY_BYTES = env.int("IWAKAN_JOB_MEMORY_BYTES", default=PHYSICAL_MEMORY_BYTES)
JOB_FILE_BYTES = env.int("IWAKAN_JOB_FILE_BYTES", default=256 * 1024**3)

# What takes seconds to compute is kept by each process; what is limited is counted on the broker,
# where that is one that a cache can reach by the same address.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "limits": {
        "BACKEND": "webapp.common.limits.BrokerCache",
        "LOCATION": CELERY_BROKER_URL,
        "KEY_PREFIX": "iwakan-limits",
        "OPTIONS": {
            "serializer": "webapp.common.limits.JsonSerializer",
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
        },
    },
}
if not CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    CACHES["limits"] = {**CACHES["default"], "LOCATION": "limits"}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["webapp.api.parsers.StorableJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "webapp.api.pagination.KeysetPagination",
    "EXCEPTION_HANDLER": "webapp.api.errors.problem_response",
    "DEFAULT_THROTTLE_CLASSES": [
        "webapp.api.throttling.ReadThrottle",
        "webapp.api.throttling.ChangeThrottle",
    ],
    # Per person and token, counted by `webapp.common.limits`.
    "DEFAULT_THROTTLE_RATES": {"read": "1200/min", "change": "120/min"},
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Iwakan",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "webapp.api.schema.describe_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "JobStatus": "webapp.jobs.models.Job.Status",
        "VideoStatus": "webapp.datasets.models.Video.Status",
        "JobKind": "webapp.jobs.kinds.CHOICES",
        "RunKind": "webapp.runs.models.Run.Kind",
        "RunStatus": "webapp.runs.models.Run.STATES",
        "ShareLinkKind": "webapp.sharing.models.ShareLink.Kind",
        "RunSelection": "webapp.runs.models.Run.Selection",
        "SelectionHere": "webapp.runs.models.Run.SELECTIONS_HERE",
        "VideoKind": "webapp.datasets.models.Video.Kind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"no_secrets": {"()": "webapp.common.log_filters.HideSecrets"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_secrets"],
        },
    },
    # Here too, since Django gives this logger handlers of its own.
    "loggers": {"django.request": {"filters": ["no_secrets"]}},
    "root": {"handlers": ["console"], "level": env("IWAKAN_LOG_LEVEL", default="INFO")},
}
