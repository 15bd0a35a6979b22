"""What every address answers to every role, written down by hand and compared with the truth.

Each line gives, in this order, what these get:

    anonymous  stranger  consumer  contributor  reviewer  manager  compliance  admin

`ok` is an answer, `to` another page (anonymous: sign-in), `no` a refusal for what was sent or for
the state of things (400, 409, 415, 422: such a caller may ask), a number is that status. The
stranger is in no team, the admin administers the instance and is in no team either. There is a
second team besides; the event that is asked for is about no team.

A new address without a line fails the suite; so does a line without its address.
"""

Expected = dict[str, dict[str, str]]

PAGES: Expected = {
    "web: /health": {
        "GET": "ok ok ok ok ok ok ok ok",
        "POST": "405 405 405 405 405 405 405 405",
    },
    "web: /language/": {
        "GET": "to to to to to to to to",
        "POST": "to to to to to to to to",
    },
    "web: /": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /palette": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /models": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /models/new": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /models/<slug:name>": {
        "GET": "to 404 ok ok ok ok ok 404",
    },
    "web: /models/<slug:name>/edit": {
        "GET": "to 404 403 ok 403 ok 403 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /register": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /register/calendar": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /register/export": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /register/import": {
        "GET": "to 403 403 ok 403 ok 403 403",
        "POST": "to 403 403 no 403 no 403 403",
    },
    "web: /models/<slug:name>/entry": {
        "GET": "to 404 403 ok ok ok ok 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /models/<slug:name>/train": {
        "GET": "to 404 403 ok 403 ok 403 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/declare": {
        "GET": "to 404 403 no 403 no 403 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/new": {
        "GET": "to 404 403 ok 403 ok 403 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>": {
        "GET": "to 404 ok ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/card": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/card/edit": {
        "GET": "to 404 403 ok 403 ok 403 404",
        "POST": "to 404 403 to 403 to 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/signature": {
        "GET": "to 404 ok ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/files": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/evaluation": {
        "GET": "to 404 403 ok ok ok ok 404",
        "POST": "to 404 403 no no no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/plan": {
        "GET": "to 404 403 ok 403 ok 403 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/explanations": {
        "GET": "to 404 403 ok ok ok ok 404",
        "POST": "to 404 403 no no no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/compression": {
        "GET": "to 404 403 ok ok ok ok 404",
        "POST": "to 404 403 no no no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/jobs": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/history": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/submit": {
        "GET": "to 404 403 ok 403 ok 403 404",
        "POST": "to 404 403 no 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/waive": {
        "GET": "to 404 403 403 no no 403 404",
        "POST": "to 404 403 403 no no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/waivers/<uuid:waiver_id>/withdraw": {
        "GET": "to 404 403 403 403 ok ok 404",
        "POST": "to 404 403 403 403 no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/promote": {
        "GET": "to 404 403 403 403 ok 403 404",
        "POST": "to 404 403 403 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/split": {
        "GET": "to 404 403 403 403 ok 403 404",
        "POST": "to 404 403 403 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/split/end": {
        "GET": "to 404 403 403 403 ok 403 404",
        "POST": "to 404 403 403 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/revoke": {
        "GET": "to 404 403 403 403 ok ok 404",
        "POST": "to 404 403 403 403 no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/retire": {
        "GET": "to 404 403 403 403 ok 403 404",
        "POST": "to 404 403 403 403 no 403 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/manifest": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/artifacts/<slug:role>/<str:file>": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/evidence/<slug:digest>": {
        "GET": "to 404 403 ok ok ok ok 404",
    },
    "web: /datasets": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /datasets/new": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /datasets/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /playground": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /reviews": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /reviews/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /reviews/<uuid:pk>/sign": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 no no no no 404",
    },
    "web: /reviews/<uuid:pk>/comment": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 no no no no 404",
    },
    "web: /reviews/<uuid:pk>/validation": {
        "GET": "to 404 404 403 ok ok ok 404",
        "POST": "to 404 404 403 to to to 404",
    },
    "web: /validations/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /attachments/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /reviews/<uuid:pk>/assign": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 to to to 403 404",
    },
    "web: /reviews/<uuid:pk>/comments/<int:comment_id>/resolve": {
        "POST": "to 404 404 403 to to to 404",
    },
    "web: /reviews/<uuid:pk>/comments/<int:comment_id>/reopen": {
        "POST": "to 404 404 403 no no no 404",
    },
    "web: /reviews/<uuid:pk>/withdraw": {
        "POST": "to 404 404 to 403 to 403 404",
    },
    "web: /reviews/<uuid:pk>/statement": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /reviews/<uuid:pk>/approval": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /findings": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /findings/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /findings/<uuid:pk>/answer": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 no 403 no 403 404",
    },
    "web: /findings/<uuid:pk>/close": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 403 no no no 404",
    },
    "web: /findings/<uuid:pk>/reopen": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 403 no no no 404",
    },
    "web: /findings/<uuid:pk>/amend": {
        "GET": "to to to to to to to to",
        "POST": "to 404 404 403 no no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/findings/new": {
        "GET": "to 404 403 403 ok ok ok 404",
        "POST": "to 404 403 403 no no no 404",
    },
    "web: /models/<slug:name>/versions/<int:number>/emergency": {
        "GET": "to 404 403 403 403 ok 403 404",
        "POST": "to 404 403 403 403 no 403 404",
    },
    "web: /jobs": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /jobs/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /jobs/<uuid:pk>/live": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /jobs/<uuid:pk>/log": {
        "GET": "to 404 404 ok ok ok ok 404",
    },
    "web: /jobs/<uuid:pk>/cancel": {
        "POST": "to 404 404 no 403 no 403 404",
    },
    "web: /jobs/<uuid:pk>/retry": {
        "POST": "to 404 404 to 403 to 403 404",
    },
    "web: /retention": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /retention/due": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /retention/predictions/propose": {
        "GET": "to 403 403 403 403 ok 403 403",
        "POST": "to 403 403 403 403 no 403 403",
    },
    "web: /retention/rules/propose": {
        "GET": "to 403 403 403 403 403 403 ok",
        "POST": "to 403 403 403 403 403 403 no",
    },
    "web: /models/<slug:name>/versions/<int:number>/delete": {
        "GET": "to 404 403 403 403 ok 403 404",
        "POST": "to 404 403 403 403 no 403 404",
    },
    "web: /datasets/<uuid:pk>/delete": {
        "GET": "to 404 404 403 403 ok 403 404",
        "POST": "to 404 404 403 403 no 403 404",
    },
    "web: /retention/holds/new": {
        "GET": "to 403 403 403 403 403 ok 403",
        "POST": "to 403 403 403 403 403 no 403",
    },
    "web: /retention/holds/<uuid:pk>": {
        "GET": "to 404 404 ok ok ok ok 404",
        "POST": "to 404 404 403 403 403 no 404",
    },
    "web: /policies": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /policies/publish": {
        "GET": "to 403 403 403 403 ok 403 ok",
        "POST": "to 403 403 403 403 no 403 no",
    },
    "web: /policies/draft": {
        "GET": "to 403 403 403 403 ok 403 ok",
        "POST": "to 403 403 403 403 no 403 no",
    },
    "web: /policies/trial": {
        "GET": "to ok ok ok ok ok ok ok",
        "POST": "to no no no no no no no",
    },
    "web: /policies/<uuid:pk>/against/<uuid:other>": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /policies/<uuid:pk>": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /audit": {
        "GET": "to 403 403 403 403 ok ok ok",
    },
    "web: /audit/events/<uuid:pk>": {
        "GET": "to 404 404 404 404 404 404 ok",
    },
    "web: /audit/events/<uuid:pk>/proof": {
        "GET": "to 404 404 404 404 404 404 no",
    },
    "web: /audit/events/<uuid:pk>/leaf": {
        "GET": "to 404 404 404 404 404 404 ok",
    },
    "web: /audit/export": {
        "GET": "to 403 403 403 403 ok ok 403",
        "POST": "to 403 403 403 403 no no 403",
    },
    "web: /audit/export/<uuid:pk>": {
        "GET": "to 403 403 403 403 no no 403",
    },
    "web: /past": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /past/model": {
        "GET": "to ok ok ok ok ok ok ok",
    },
    "web: /past/person": {
        "GET": "to 403 403 403 403 ok ok ok",
    },
    "web: /past/dataset": {
        "GET": "to 403 403 403 403 ok ok ok",
    },
    "web: /packs": {
        "GET": "to 403 403 403 403 ok ok 403",
        "POST": "to 403 403 403 403 no no 403",
    },
    "web: /packs/<uuid:pk>": {
        "GET": "to 403 403 403 403 ok ok 403",
    },
    "web: /packs/<uuid:pk>/files/<slug:form>": {
        "GET": "to 403 403 403 403 no no 403",
    },
    "web: /api-docs": {
        "GET": "to ok ok ok ok ok ok ok",
    },
}
