"""Settings, all from the environment. `docs/running.md` lists them; `environment.py` refuses the bad ones."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from backoffice import environment
from backoffice.installation import private_files, production
from backoffice.unfold import UNFOLD  # noqa: F401 - read by the admin theme

# Django's classes take type parameters in annotations only; this lets them stand in class statements too.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = environment.read_environment()
VAR_DIR = Path(env.str("VAR_DIR", "") or BASE_DIR / "var")
ENVIRONMENT = env.str("ENVIRONMENT", "production")
if ENVIRONMENT not in ("production", "development"):
    raise ImproperlyConfigured(f"ENVIRONMENT must be production or development, not {ENVIRONMENT!r}.")
DEVELOPMENT = ENVIRONMENT == "development"

DEBUG = False
SECRET_KEY = environment.secret_key(env)
SECRET_KEY_FALLBACKS = environment.secret_key_fallbacks(env)
FIELD_ENCRYPTION_KEYS = environment.encryption_keys(env)
environment.refuse_repeated([SECRET_KEY, *SECRET_KEY_FALLBACKS], FIELD_ENCRYPTION_KEYS)
BASE_URL = environment.base_url(env, https_required=not DEVELOPMENT)
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = environment.allowed_hosts(env, BASE_URL)
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "backoffice",
    "jobs",
    "payments",
    "ledger",
    # Unfold without its own site: `backoffice.apps.AdminConfig` puts ours in place.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "backoffice.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "import_export",
    "django_q",
    # Signing in. `backoffice/sign_in` has its pages and words: the library's own ("allauth") are not installed.
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "backoffice.requestid.RequestIdMiddleware",
    "payments.call_counts.CallCountsMiddleware",
    "payments.api.headers.ApiHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "backoffice.front_door.request_limits.RateLimitMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backoffice.front_door.request_limits.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backoffice.sign_in.door.SignInDoor",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        env.str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'tequio.sqlite3'}"), conn_max_age=600, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # DEFERRED transactions deadlock as soon as two writers meet; FULL keeps a commit through a power cut;
        # recursive_triggers keeps REPLACE from passing the append-only triggers.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON; "
        "PRAGMA secure_delete=ON",
    }
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    private_files.make_database_private(Path(DATABASES["default"]["NAME"]))
elif DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name an SQLite or PostgreSQL database.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The queue's statistics travel through the cache, so every process must see the same one.
CACHES = {"default": {"BACKEND": "backoffice.plain_cache.PlainDatabaseCache", "LOCATION": "cache"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
# How long the link of a mail opens the page for a new password, in seconds.
PASSWORD_RESET_TIMEOUT = 60 * 60

# Whether whoever may do more than read must sign in with a second factor.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", not DEVELOPMENT)
# How long ago, in minutes, somebody may have shown who they are when they move money or change people.
CONFIRM_SIGN_IN_MINUTES = environment.confirm_sign_in_minutes(env)
# Who may sign in with one click and no password: the people of the demo.
ONE_CLICK_SIGN_IN: list[str] = env.list("ONE_CLICK_SIGN_IN", [])
if ONE_CLICK_SIGN_IN and not DEVELOPMENT:
    raise ImproperlyConfigured("ONE_CLICK_SIGN_IN lets anyone in without a password and is for development only.")

# The library for signing in (django-allauth). People are made by administrators and known by their username.
ACCOUNT_ADAPTER = "backoffice.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Wrong passwords and codes are counted in `backoffice/sign_in/lockout.py`, which says until when.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": "20/h/ip,3/h/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.bool("BEHIND_PROXY", False) else 0
MFA_ADAPTER = "backoffice.sign_in.adapters.SecondFactorAdapter"
MFA_RECOVERY_CODES_SHOW_ONCE = True
# A phone's clock may be half a minute off. No code is taken twice.
MFA_TOTP_TOLERANCE = 1

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
FORMAT_MODULE_PATH = "backoffice.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
# Stored in UTC; typed and shown in the zone of the business.
TIME_ZONE = BUSINESS_TIME_ZONE = environment.time_zone(env)
# So many days after they were asked, payers who have not answered are reminded.
REMINDER_DAYS = environment.reminder_days(env)
# As long as the law wants the books of a payment kept: five years in Mexico.
PERSONAL_DATA_DAYS = environment.personal_data_days(env)

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served from where they lie, so that an installation has no step that collects them.
WHITENOISE_USE_FINDERS = True

EMAIL = dj_email_url.parse(env.str("EMAIL_URL", "smtp://localhost:25"))
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL["EMAIL_HOST"] or ""
EMAIL_PORT = EMAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER = EMAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = bool(EMAIL["EMAIL_USE_TLS"])
EMAIL_USE_SSL = bool(EMAIL["EMAIL_USE_SSL"])
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Tequio <payments@{urlsplit(BASE_URL).hostname}>")

OPEN_PAYMENTS_TRUSTED_HOSTS = environment.trusted_hosts(env)
OPEN_PAYMENTS_CA_BUNDLE = env.str("OPEN_PAYMENTS_CA_BUNDLE", "")
# Who shows it may read `/metrics`; without it nobody may.
METRICS_TOKEN = environment.metrics_token(env)

SELLER_ID = env.str("SELLER_ID", "")
SELLER_WALLET_ADDRESS_URL = env.str("SELLER_WALLET_ADDRESS_URL", "")
SELLER_KEY_ID = env.str("SELLER_KEY_ID", "")
SELLER_PRIVATE_KEY_PATH = env.str("SELLER_PRIVATE_KEY_PATH", "")
# The one folder from which a seller that is registered over HTTP takes its private key, by the name of the file.
SELLER_PRIVATE_KEY_DIR = env.str("SELLER_PRIVATE_KEY_DIR", "")

# Checkpoints of the ledger are signed under this name, with a key that lies apart from the database, and are written
# outside it, so that an older or rewritten one is noticed, by strangers too.
LEDGER_ORIGIN = environment.ledger_origin(env, BASE_URL)
LEDGER_CHECKPOINT_KEY_FILE = env.str("LEDGER_CHECKPOINT_KEY_FILE", "")
LEDGER_CHECKPOINT_DIR = env.str("LEDGER_CHECKPOINT_DIR", "")
LEDGER_PUBLIC_KEYS: list[str] = env.list("LEDGER_PUBLIC_KEYS", [])
LEDGER_AUDITOR_EMAIL = env.str("LEDGER_AUDITOR_EMAIL", "")
LEDGER_AUDITOR_LANGUAGE = env.str("LEDGER_AUDITOR_LANGUAGE", "en")

# An administrator may decide alone, in an emergency, what needs two people: everybody is told at once.
BREAK_GLASS = env.bool("BREAK_GLASS", True)

# Nobody is asked for the first payment to a wallet before its owner has proven that it is theirs.
PROOF_BEFORE_FIRST_PAYMENT = env.bool("PROOF_BEFORE_FIRST_PAYMENT", True)

# A file that holds a number of seconds: every process adds it to its clock. For tests and the sandbox only.
CLOCK_OFFSET_FILE = env.str("CLOCK_OFFSET_FILE", "")
if CLOCK_OFFSET_FILE and not DEVELOPMENT:
    raise ImproperlyConfigured("CLOCK_OFFSET_FILE moves the clock and is for development only.")
if not DEVELOPMENT:
    production.refuse_debugging()
    production.refuse_own_address(BASE_URL)
    production.refuse_local_wallets(OPEN_PAYMENTS_TRUSTED_HOSTS)
    production.refuse_lost_mail(EMAIL_BACKEND)
    production.refuse_open_key_file("SELLER_PRIVATE_KEY_PATH", SELLER_PRIVATE_KEY_PATH)

Q_CLUSTER = {
    "name": "tequio",
    "orm": "default",
    "broker_class": "payments.worker.broker.Broker",
    # Our broker reads the timetable: django-q2's scheduler runs any function that a row names.
    "scheduler": False,
    "workers": environment.workers(env),
    # A task's time-out must exceed the whole budget of calls to a wallet, and `retry` the time-out and any wait.
    "timeout": 120,
    "retry": 300,
    "queue_limit": 4,
    "poll": 0.5,
    "catch_up": False,
    "max_attempts": 3,
    # Of tasks that succeeded nothing is kept: what they did stands in the rows. Failures are always kept.
    "save_limit": -1,
    "ack_failures": True,
    "label": _("Background work"),
}

SESSION_COOKIE_NAME = "tequio_session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_NAME = "tequio_csrf"
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_NAME = "tequio_language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
# A load balancer asks for our health inside its own network.
SECURE_REDIRECT_EXEMPT = [r"^health$"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
# Whether other hosts of the domain speak HTTPS only is for the domain's owner to say, not for one site on it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Alpine, which the admin is built on, evaluates expressions. Nothing inline runs.
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "backoffice.requestid.RequestIdFilter"},
        "mask": {"()": "backoffice.logs.MaskFilter"},
        "part": {"()": "backoffice.logs.PartFilter"},
    },
    "formatters": {
        "text": {
            "format": "{asctime} {levelname} [{part}] {name} [{request_id} {payment_request}] {message}",
            "style": "{",
        },
        "json": {"()": "backoffice.logs.JsonLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": environment.log_format(env),
            "filters": ["request_id", "part", "mask"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    # httpx logs whole URLs, and some of a wallet's URLs are capabilities.
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
    },
}
