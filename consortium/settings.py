"""Configuration: the only module that reads the environment. `docs/operations.md` lists the variables."""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from consortium import keyring
from consortium.database import embedded
from consortium.sign_in.providers import providers

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_FOLDER = embedded.data_folder()


def _switch(name: str, default: str) -> bool:
    """An environment variable that is on (`1`) or off (`0`)."""
    value = os.environ.get(name, default)
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


PRODUCTION = _switch("REFNET_PRODUCTION", "0")
DEBUG = False
SECRET_KEY = os.environ.get("REFNET_SECRET_KEY", "")
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10):
    raise ImproperlyConfigured(
        "请把 REFNET_SECRET_KEY 设为 50 个以上的随机字符；生产环境须有自己的密钥。"
        " / Set REFNET_SECRET_KEY to 50 or more random characters; production needs its own."
    )
SECRET_KEY = SECRET_KEY or "not-secret-development-only-" + "0" * 32
ALLOWED_HOSTS = os.environ.get("REFNET_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

DATABASES = {
    "default": dj_database_url.parse(os.environ.get("DATABASE_URL") or embedded.attach(), conn_max_age=600),
}
# A case is read by its key together with eight rows beside it, in the order in which they are written: to weigh every
# other order took the planner ten times as long as the statement itself.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options", "-c join_collapse_limit=6 -c from_collapse_limit=6"
)

# Identity numbers and telephone numbers are stored encrypted (consortium/cipher.py); the keys lie outside the database.
_key_file = os.environ.get("REFNET_KEY_FILE", "")
try:
    KEYRING = keyring.load(
        text=os.environ.get("REFNET_KEYS", ""),
        file=Path(_key_file) if _key_file else None,
        own=None if PRODUCTION else DATA_FOLDER / "keys.json",
    )
except keyring.KeysMissing as error:
    raise ImproperlyConfigured(f"REFNET_KEYS, REFNET_KEY_FILE: {error}") from error
# The first seals, the others open what was sealed before it; each is a class with the interface of `cipher.Cipher`.
CIPHERS = list(dict.fromkeys([os.environ.get("REFNET_CIPHER", "consortium.cipher.AesGcm"), "consortium.cipher.AesGcm"]))
# Outside of `acting` the connection is who signed in. Where that is the owner, as in the embedded database, a server or
# worker steps down to what it would sign in as elsewhere.
DATABASE_ROLE = os.environ.get("REFNET_DATABASE_ROLE", "")
DATABASE_PERSON = "system" if DATABASE_ROLE == "refnet_system" else ""
if DATABASE_ROLE not in ("", "refnet_app", "refnet_system"):
    raise ImproperlyConfigured("REFNET_DATABASE_ROLE must be refnet_app, refnet_system or empty.")
if DATABASE_ROLE:
    DATABASES["default"]["OPTIONS"]["options"] += f" -c role={DATABASE_ROLE} -c refnet.person={DATABASE_PERSON}"
# No cursor outlives its transaction, so that a pool may hand the connection on.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
# What a web process begins beside itself (checks of slides, exports) is a job and signs in as one.
JOB_ENVIRONMENT = os.environ | ({"REFNET_DATABASE_ROLE": "refnet_system"} if DATABASE_ROLE else {})
if _system_url := os.environ.get("REFNET_SYSTEM_URL", ""):
    JOB_ENVIRONMENT["DATABASE_URL"] = _system_url

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "guardian",
    "graphene_django",
    "django_q",
    "consortium",
    "referrals",
    "telemedicine",
    "schema",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "consortium.urls"
WSGI_APPLICATION = "consortium.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]

AUTH_USER_MODEL = "consortium.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [  # the first for what is set from now on; who signs in with an older hash gets a new one
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_RESET_TIMEOUT = 72 * 3600  # seconds that a link for setting a password works
SESSION_ENGINE = "consortium.sign_in.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # the longest life of a session
SESSION_IDLE = int(float(os.environ.get("REFNET_IDLE_MINUTES", "30")) * 60)  # seconds without use
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英语"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Slides lie in a folder beside the other files, or in a bucket of an S3 server.
S3_BUCKET = os.environ.get("REFNET_S3_BUCKET", "")
SLIDE_STORE: dict[str, object] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
if S3_BUCKET:
    SLIDE_STORE = {
        "BACKEND": "telemedicine.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": os.environ.get("REFNET_S3_ENDPOINT") or None,
            "region_name": os.environ.get("REFNET_S3_REGION") or None,
            "access_key": os.environ.get("REFNET_S3_KEY") or None,
            "secret_key": os.environ.get("REFNET_S3_SECRET") or None,
        },
    }
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "slides": SLIDE_STORE,
}

STATIC_URL = "/static/"
FRONT = BASE_DIR / "web" / "dist"  # the built browser front
STATICFILES_DIRS = [("web", FRONT)] if FRONT.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/web/assets/.+-[\w-]{8}\.\w+$"  # the hash is in the name
MEDIA_ROOT = DATA_FOLDER / "files"
DEMO_CLOCK = None if PRODUCTION else DATA_FOLDER / "clock.json"  # see consortium/moment.py
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

# How notices leave the house; an empty address closes the channel.
DELIVERY_TIMEOUT = float(os.environ.get("REFNET_DELIVERY_TIMEOUT", "10"))  # seconds for one attempt as a whole
DELIVERY_ATTEMPTS = 8
# The networks of private addresses that webhooks and gateways may lie in, such as 10.20.0.0/16; elsewhere none.
INTRANETS = [
    ip_network(text.strip())
    for text in os.environ.get("REFNET_INTRANETS", "" if PRODUCTION else "127.0.0.0/8,::1/128").split(",")
    if text.strip()
]
GATEWAYS = {
    name: {"url": url, "token": os.environ.get(f"REFNET_{name}_TOKEN", "")}
    for name in ("SMS", "WECOM")
    if (url := os.environ.get(f"REFNET_{name}_URL", ""))
}
_mail = urlsplit(os.environ.get("REFNET_MAIL_URL", ""))
if _mail.scheme not in ("", "smtp", "smtp+tls", "smtps"):
    raise ImproperlyConfigured("REFNET_MAIL_URL must begin with smtp://, smtp+tls:// or smtps://.")
EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
EMAIL_TIMEOUT = DELIVERY_TIMEOUT
DEFAULT_FROM_EMAIL = os.environ.get("REFNET_MAIL_FROM", "refnet@localhost")
# The scheduler and queue of `manage.py worker`; deliveries are rows of their own and need no queue.
Q_CLUSTER = {
    "name": "refnet",
    "orm": "default",
    "workers": 2,
    "timeout": 240,
    "retry": 300,
    "max_attempts": 3,
    "poll": 1,
    "save_limit": 250,
    "catch_up": False,
    "log_level": "WARNING",
    "label": "Refnet",
}
# The commands of manage.py that run by themselves, each with its minutes between two runs.
JOBS = {
    "tick": 1,
    "run_exports": 1,
    "clean_uploads": 60,
    "seal_trail": 60,
    "remind_reviews": 60,
    "forget_answers": 60,
}

# Signing in: a second factor, guesses, a hospital's own sign-in.
MFA = _switch("REFNET_MFA", "1" if PRODUCTION else "0")  # a second factor is compulsory for everybody who signs in
MFA_ADAPTER = "consortium.sign_in.adapter.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a telephone's clock may be off
MFA_TOTP_ISSUER = "Refnet"
FACTOR_SECONDS = 300  # how long the second factor is awaited after the password
FRESH_SECONDS = 900  # how long after signing in one may change one's ways in
AXES_FAILURE_LIMIT = int(os.environ.get("REFNET_GUESSES", "5"))
AXES_COOLOFF_TIME = timedelta(minutes=float(os.environ.get("REFNET_LOCK_MINUTES", "15")))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # SignIn is ours
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = ["axes.W002"]  # its middleware would answer for us, not in our shape
AXES_CLIENT_IP_CALLABLE = "consortium.sign_in.guesses.address_of"
PROXIES = int(os.environ.get("REFNET_PROXIES", "1" if PRODUCTION else "0"))  # of our own before the service
OIDC = providers(os.environ.get("REFNET_OIDC", "[]"))

# What follows is Refnet's own.
# The audit trail's signed heads: where they are kept, the key that signs them, the public keys of before.
AUDIT_HEADS = Path(os.environ.get("REFNET_AUDIT_HEADS") or DATA_FOLDER / "heads")
AUDIT_KEY = os.environ.get("REFNET_AUDIT_KEY", "")
AUDIT_KEY_FILE = Path(os.environ.get("REFNET_AUDIT_KEY_FILE") or DATA_FOLDER / "audit.key")
AUDIT_FORMER_KEYS = os.environ.get("REFNET_AUDIT_FORMER_KEYS", "").split()
if PRODUCTION and not AUDIT_KEY and not AUDIT_KEY_FILE.is_file():
    raise ImproperlyConfigured(
        "Set REFNET_AUDIT_KEY (32 random bytes as Base64: head -c 32 /dev/urandom | base64) or REFNET_AUDIT_KEY_FILE;"
        " the heads of the audit trail are signed with it."
    )
READ_ENGINE = True  # queries are answered by one statement for each root field where they can be, see schema/engine.py
GRAPHIQL = not PRODUCTION
INTROSPECTION = not PRODUCTION
GRAPHQL_GET = _switch("REFNET_GRAPHQL_GET", "0" if PRODUCTION else "1")  # queries in addresses, which proxies log
FREE_DOCUMENTS = _switch("REFNET_FREE_DOCUMENTS", "0" if PRODUCTION else "1")  # else named integrators alone
GRAPHQL_LIMITS = {
    "body_bytes": 256 * 1024,
    "nesting": 20,  # levels of JSON
    "tokens": 4000,
    "depth": 14,
    "aliases": 30,
    "cost": 20_000,  # fields that an answer may hold at worst, see schema.documents.Size
    "page": 100,
}
# Seconds that the database gives a request: for one statement, for a lock, between two statements. And for all of it.
DATABASE_PATIENCE = {
    "statement_timeout": float(os.environ.get("REFNET_STATEMENT_SECONDS", "10")),
    "lock_timeout": float(os.environ.get("REFNET_LOCK_SECONDS", "5")),
    "idle_in_transaction_session_timeout": 60.0,
}
PREPARE = _switch("REFNET_PREPARE", "1")  # 0 behind a pool that hands out connections by transaction
REQUEST_SECONDS = float(os.environ.get("REFNET_REQUEST_SECONDS", "20"))
RETRY_SECONDS = 2  # what Retry-After says when a request was not even begun
# Of each process that serves live streams: how many, how far one may lag behind or be replayed, and its rhythm.
LIVE_LIMITS = {
    "per_person": 20,
    "per_process": 2000,
    "queue": 256,
    "replay": 1000,
    "poll_seconds": float(os.environ.get("REFNET_POLL_SECONDS", "2")),
    "heartbeat_seconds": float(os.environ.get("REFNET_HEARTBEAT_SECONDS", "15")),
    "send_seconds": 60.0,
}
WEB_THREADS = int(os.environ.get("REFNET_THREADS", "4"))
GREEN_THREADS = 2  # of the green channel's own lane
WAITING = int(os.environ.get("REFNET_WAITING", "60"))  # requests that may wait for a thread of a process; more get 503
WAITING_SECONDS = 10.0  # after which a request that still waits is refused too
DRAIN_SECONDS = float(os.environ.get("REFNET_DRAIN_SECONDS", "5" if PRODUCTION else "0"))  # see consortium/leaving.py
MAX_HOPS = 3
# Emergency access: how long it lasts, at most 60 minutes; attempts of a person in an hour; hours until its review.
BREAK_GLASS = {
    "minutes": min(60, int(os.environ.get("REFNET_BREAK_GLASS_MINUTES", "60"))),
    "attempts_per_hour": 10,
    "review_hours": int(os.environ.get("REFNET_BREAK_GLASS_REVIEW_HOURS", "72")),
}
ACCESS_DAYS_AFTER_CLOSE = int(os.environ.get("REFNET_ACCESS_DAYS_AFTER_CLOSE", "365"))
# How long the answer to a mutation is repeated word for word, and how long its key still prevents a second effect. A
# client on a broken line repeats for minutes, our own front when it is back on the line: a day, and a quarter.
ANSWER_HOURS = max(1, int(os.environ.get("REFNET_ANSWER_HOURS", "24")))
KEY_DAYS = max(7, int(os.environ.get("REFNET_KEY_DAYS", "90")))
ATTACHMENT_BYTES = 20 * 1024 * 1024
# Slides: the largest file, what a hospital may keep in all, uploads at a time, days an upload waits for its next byte,
# what the disk must keep free, years that images stay after their case has ended.
SLIDE_BYTES = int(float(os.environ.get("REFNET_SLIDE_GB", "10")) * 2**30)
SLIDE_QUOTA_BYTES = int(float(os.environ.get("REFNET_SLIDE_QUOTA_GB", "2000")) * 2**30)
UPLOADS_AT_A_TIME = 50
UPLOAD_DAYS = 7
DISK_RESERVE_BYTES = 2**30
SLIDE_COPIES_BYTES = 20 * 2**30  # of a bucket's slides that must be decoded, and of decoded tiles half of that
UPLOAD_THREADS = 16  # uploads that a process receives at the same time; others wait
RUN_EXPORTS = _switch("REFNET_RUN_EXPORTS", "1")  # begin to make an export when it is asked for
CHECK_UPLOADS = _switch("REFNET_CHECK_UPLOADS", "1")  # begin to check a slide when its last byte has come
GRANT_SECONDS = 600  # how long a grant to see a slide's tiles lasts, and so how long a browser may keep a tile
TRUST_SECONDS = 10  # how long a process trusts what it asked the database about a grant; a right ended is seen then
SLIDE_YEARS = int(os.environ.get("REFNET_SLIDE_YEARS", "15"))
