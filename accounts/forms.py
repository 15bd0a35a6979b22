"""What the sign-in library asks."""

from allauth.mfa.base.forms import AuthenticateForm
from django.forms import ValidationError

from accounts.reauthentication import confirm_sign_in
from common.errors import DomainError


class SignInCode(AuthenticateForm):  # type: ignore[misc]
    """The code that is asked for after the password at sign-in."""

    def clean_code(self) -> str:
        """The code, taken. Raises ValidationError for a wrong or used one, or too many tries."""
        code: str = self.cleaned_data["code"]
        try:
            confirm_sign_in(self.user, code)
        except DomainError as error:
            raise ValidationError(error.reason) from None
        return code

    def save(self) -> None:
        """Taking the code was all there was to do."""
