"""What each role gets at the REST addresses of reviews and of what is said in them."""

REVIEWS: dict[str, dict[str, str]] = {
    "web: /api/v1/reviews": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/reviews/<uuid:review_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/statement": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/approval": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/signatures/challenge": {
        "POST": "401 404 404 403 no no 403 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/signatures": {
        "POST": "401 404 404 403 ok ok 403 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/withdrawal": {
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/comments": {
        "GET": "401 404 404 ok ok ok ok 404",
        "POST": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/validation": {
        "GET": "401 404 404 404 404 404 404 404",
        "PUT": "401 404 404 403 ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/validation/finish": {
        "POST": "401 404 404 403 no no no 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/validations": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/validations/<uuid:validation_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/attachments/<uuid:attachment_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/comments/<int:comment_id>/resolution": {
        "POST": "401 404 404 403 ok ok ok 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/comments/<int:comment_id>/reopening": {
        "POST": "401 404 404 403 no no no 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/assignment": {
        "PUT": "401 404 404 ok ok ok 403 404",
    },
    "web: /api/v1/waiting": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/mailing": {
        "GET": "401 ok ok ok ok ok ok ok",
        "PUT": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/delegations": {
        "GET": "401 ok ok ok ok ok ok ok",
        "POST": "401 403 403 403 ok ok ok 403",
    },
    "web: /api/v1/delegations/<uuid:delegation_id>/ending": {
        "POST": "401 404 404 404 ok 404 404 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/look": {
        "PUT": "401 404 404 403 ok ok 403 404",
    },
    "web: /api/v1/reviews/<uuid:review_id>/changes": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/findings": {
        "GET": "401 ok ok ok ok ok ok ok",
    },
    "web: /api/v1/findings/<uuid:finding_id>": {
        "GET": "401 404 404 ok ok ok ok 404",
    },
    "web: /api/v1/findings/<uuid:finding_id>/answers": {
        "POST": "401 404 404 ok 403 ok 403 404",
    },
    "web: /api/v1/findings/<uuid:finding_id>/closure": {
        "POST": "401 404 404 403 ok ok ok 404",
    },
    "web: /api/v1/findings/<uuid:finding_id>/reopening": {
        "POST": "401 404 404 403 no no no 404",
    },
    "web: /api/v1/findings/<uuid:finding_id>/amendments": {
        "POST": "401 404 404 403 412 412 412 404",
    },
}
