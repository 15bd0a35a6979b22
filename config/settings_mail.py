"""Settings of mail: which server takes it, and when it goes out."""

from config import env

EMAIL_HOST = env.text("ASSAY_MAIL_HOST", "", "Mail server (SMTP); empty: no mail is sent.")
EMAIL_PORT = env.integer("ASSAY_MAIL_PORT", 587, "Its port.", minimum=1)
EMAIL_HOST_USER = env.text("ASSAY_MAIL_USER", "", "Name to sign in there, if it asks for one.")
EMAIL_HOST_PASSWORD = env.text("ASSAY_MAIL_PASSWORD", "", "Password to sign in there.")
_MAIL_TLS = env.choice(
    "ASSAY_MAIL_TLS", "starttls", ("starttls", "tls", "none"), "How mail is encrypted on its way."
)
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL_TLS == "starttls", _MAIL_TLS == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("ASSAY_MAIL_FROM", "assay@localhost", "Sender of the mail.")
MAIL_HOUR = env.integer("ASSAY_MAIL_HOUR", 6, "Hour of the day, in UTC, at which it is sent.")
