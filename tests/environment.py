"""The environment of the suite, read before Django is. Keys are made at run time; none is kept in the repository."""

import os
import secrets

from cryptography.fernet import Fernet

os.environ.setdefault("ENVIRONMENT", "development")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", Fernet.generate_key().decode())
os.environ.setdefault("BASE_URL", "http://testserver")
os.environ.setdefault("EMAIL_URL", "memory:")
# Whoever tests that a first payment waits for a proof switches it on; all others pay whom nobody paid before.
os.environ.setdefault("PROOF_BEFORE_FIRST_PAYMENT", "false")
