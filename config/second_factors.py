"""How the sign-in library asks for a second factor; the factor itself is kept by `accounts`."""

MFA_SUPPORTED_TYPES = ["totp"]
MFA_ADAPTER = "accounts.adapters.PersonsFactors"
MFA_FORMS = {"authenticate": "accounts.forms.SignInCode"}
