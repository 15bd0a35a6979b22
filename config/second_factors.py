"""How the sign-in library asks for a second factor; the factor itself is kept by `accounts`."""

from config import env

MFA_SUPPORTED_TYPES = ["totp"]
MFA_ADAPTER = "accounts.adapters.PersonsFactors"
MFA_FORMS = {"authenticate": "accounts.forms.SignInCode"}

PASSKEY_HOST = env.text(
    "ASSAY_PASSKEY_HOST",
    "",
    "Host name that passkeys are made for (RP ID); empty: that of `ASSAY_URL`. "
    "Another one makes every passkey useless that exists.",
)
PASSKEY_ORIGINS = env.words(
    "ASSAY_PASSKEY_ORIGINS", "", "Addresses besides `ASSAY_URL` at which passkeys may sign."
)
PASSKEY_SECONDS = env.integer(
    "ASSAY_PASSKEY_SECONDS", 300, "How long a challenge for a passkey may be answered.", minimum=10
)
