"""Pages of persons, roles, sign-in and proposals; how to read them stands in `routes_pages`."""

from tests.promises.routes_pages import Expected

PEOPLE: Expected = {
    "web: /accounts/login/": {
        "GET": "ok to to to to to to to",
        "POST": "ok to to to to to to to",
        "PUT": "ok to to to to to to to",
    },
    "web: /accounts/logout/": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to to to to to to to to",
    },
    "web: /accounts/password/change/": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to ok ok ok ok ok ok ok",
        "PUT": "to ok ok ok ok ok ok ok",
    },
    "web: /accounts/2fa/authenticate/": {
        "GET": "to to to to to to to to",
        "POST": "to to to to to to to to",
    },
    "web: /accounts/inactive/": {
        "GET": "ok ok ok ok ok ok ok ok",
    },
    "web: /accounts/way-in/": {
        "GET": "ok ok ok ok ok ok ok ok",
        "POST": "no no no no no no no no",
    },
    "web: /accounts/provider/": {
        "GET": "404 404 404 404 404 404 404 404",
        "POST": "405 405 405 405 405 405 405 405",
    },
    "web: /accounts/provider/callback/": {
        "GET": "404 404 404 404 404 404 404 404",
        "POST": "405 405 405 405 405 405 405 405",
    },
    "web: /accounts/": {
        "GET": "to to to to to to to to",
        "POST": "to to to to to to to to",
    },
    "web: /accounts/<path:rest>": {
        "GET": "404 404 404 404 404 404 404 404",
        "POST": "404 404 404 404 404 404 404 404",
    },
    "web: /proposals/<uuid:pk>/emergency/end": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 404",
    },
    "web: /proposals/<uuid:pk>/emergency/review": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 404",
    },
    "web: /proposals": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /proposals/<uuid:pk>": {
        "GET": "to 404 404 404 404 404 404 ok",
    },
    "web: /proposals/<uuid:pk>/confirm": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 no",
    },
    "web: /proposals/<uuid:pk>/decline": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 no",
    },
    "web: /proposals/<uuid:pk>/withdraw": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 to",
    },
    "web: /proposals/<uuid:pk>/half": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 no",
    },
    "web: /proposals/<uuid:pk>/way-in/end": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 to",
    },
    "web: /access": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /access/second-factor": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to to to to to to to to",
    },
    "web: /access/second-factor/recovery-codes": {
        "GET": "to to to to to to to to",
        "POST": "to no no no no no no no",
    },
    "web: /access/second-factor/remove": {
        "GET": "to to to to to to to to",
        "POST": "to no no no no no no no",
    },
    "web: /access/passkeys": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /access/passkeys/<uuid:pk>": {
        "GET": "to 404 404 404 404 404 404 404",
    },
    "web: /access/passkeys/<uuid:pk>/rename": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 404",
    },
    "web: /access/passkeys/<uuid:pk>/remove": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 404 404 404 404 404",
    },
    "web: /access/mail": {
        "GET": "to to to to to to to to",
        "POST": "to no no no no no no no",
    },
    "web: /access/away": {
        "GET": "to to to to to to to to",
        "POST": "to 403 403 403 no no no 403",
    },
    "web: /access/away/<uuid:pk>/end": {
        "POST": "to 404 404 404 to 404 404 404",
    },
    "web: /access/tokens": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /access/tokens/<uuid:pk>/revoke": {
        "POST": "to 404 404 404 404 404 404 to",
    },
    "web: /access/sessions": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /access/sessions/end": {
        "POST": "to to to to to to to to",
    },
    "web: /access/sessions/<uuid:pk>/end": {
        "POST": "to 404 404 404 404 404 404 404",
    },
    "web: /access/people/<uuid:pk>/sessions": {
        "GET": "to 403 403 403 403 403 403 ok",
    },
    "web: /access/people/<uuid:pk>/sessions/end": {
        "POST": "to 403 403 403 403 403 403 to",
    },
    "web: /access/people/<uuid:pk>/sessions/<uuid:session_pk>/end": {
        "POST": "to 403 403 403 403 403 403 404",
    },
    "web: /access/people": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /access/people/<uuid:pk>/reset-second-factor": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /access/people/<uuid:pk>/new-password": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /access/people/<uuid:pk>/open-again": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /access/people/<uuid:pk>/accounts": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /access/people/<uuid:pk>/accounts/<uuid:identity_pk>/end": {
        "POST": "to 403 403 403 403 403 403 to",
    },
    "web: /access/people/<uuid:pk>/make-administrator": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /access/people/<uuid:pk>/deactivate": {
        "POST": "to 403 403 403 403 403 403 to",
    },
    "web: /access/teams": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /access/teams/<slug:slug>": {
        "GET": "to 404 ok ok ok ok ok ok",
        "POST": "to 404 403 403 403 403 403 no",
    },
    "web: /access/teams/<slug:slug>/propose-roles": {
        "GET": "to 404 403 403 403 403 403 ok",
        "POST": "to 404 403 403 403 403 403 no",
    },
    "web: /access/teams/<slug:slug>/remove-role": {
        "POST": "to 404 403 403 403 403 403 404",
    },
}
