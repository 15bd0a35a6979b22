"""How people sign in at an identity provider (OpenID Connect), where one is set up."""

from config import env

OIDC_ISSUER = env.text(
    "ASSAY_OIDC_ISSUER",
    "",
    "Issuer of the identity provider, as its tokens name it (https); empty: none.",
)
OIDC_NAME = env.text("ASSAY_OIDC_NAME", "single sign-on", "Name of the provider for people.")
OIDC_CLIENT_ID = env.text("ASSAY_OIDC_CLIENT_ID", "", "What the provider calls this instance.")
OIDC_CLIENT_SECRET = env.text(
    "ASSAY_OIDC_CLIENT_SECRET", "", "Its secret there; empty for a public client (PKCE alone)."
)
OIDC_SECONDS = env.integer(
    "ASSAY_OIDC_SECONDS", 300, "How long the provider may take to answer a person.", minimum=10
)
OIDC_TIMEOUT_SECONDS = env.integer(
    "ASSAY_OIDC_TIMEOUT", 5, "Longest wait for an answer of the provider itself.", minimum=1
)
