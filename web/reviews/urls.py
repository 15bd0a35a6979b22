"""Addresses of reviews."""

from django.urls import path

from web.reviews import assigning, discussing, validating, views

urlpatterns = [
    path("reviews", views.ReviewList.as_view(), name="reviews"),
    path("reviews/<uuid:pk>", views.ReviewPage.as_view(), name="review"),
    path("reviews/<uuid:pk>/sign", views.ReviewSign.as_view(), name="review-sign"),
    path("reviews/<uuid:pk>/assign", assigning.ReviewAssign.as_view(), name="review-assign"),
    path("reviews/<uuid:pk>/comment", views.ReviewComment.as_view(), name="review-comment"),
    path(
        "reviews/<uuid:pk>/comments/<int:comment_id>/resolve",
        discussing.ThreadResolve.as_view(),
        name="thread-resolve",
    ),
    path(
        "reviews/<uuid:pk>/comments/<int:comment_id>/reopen",
        discussing.ThreadReopen.as_view(),
        name="thread-reopen",
    ),
    path(
        "reviews/<uuid:pk>/validation",
        validating.WriteValidation.as_view(),
        name="validation-write",
    ),
    path("validations/<uuid:pk>", validating.ValidationPage.as_view(), name="validation"),
    path("attachments/<uuid:pk>", views.AttachedFile.as_view(), name="attachment"),
    path("reviews/<uuid:pk>/withdraw", views.ReviewWithdraw.as_view(), name="review-withdraw"),
    path("reviews/<uuid:pk>/statement", views.ReviewStatement.as_view(), name="review-statement"),
    path("reviews/<uuid:pk>/approval", views.ReviewApproval.as_view(), name="review-approval"),
]
