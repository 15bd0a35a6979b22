"""Guards of pages: no other site sends their forms, frames them or guesses what a file is."""

from tests.ablation.guard import Guard

_PAGES = "tests/attacks/test_pages.py::TestAnAddress"

PAGES = (
    Guard(
        "pages: a form carries the secret of its page",
        "config/settings.py",
        '    "django.middleware.csrf.CsrfViewMiddleware",\n',
        "",
        (f"{_PAGES}::test_changes_nothing_for_another_site",),
    ),
    Guard(
        "pages: nothing is kept",
        "config/middleware.py",
        'response.setdefault("Cache-Control", "no-store")',
        "pass",
        (f"{_PAGES}::test_is_framed_guessed_and_kept_by_nobody",),
    ),
    Guard(
        "pages: no other site frames them (the older header still says so)",
        "config/content_policy.py",
        '"frame-ancestors": [NONE],',
        '"frame-ancestors": [SELF],',
        (f"{_PAGES}::test_is_framed_guessed_and_kept_by_nobody",),
    ),
)
