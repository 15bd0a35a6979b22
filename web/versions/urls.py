"""Addresses of a version: its tabs, its verbs, its downloads."""

from django.urls import path

from web.versions import (
    acts,
    compressing,
    files,
    measuring,
    overview,
    planning,
    sharing,
    views,
    waiving,
)

_V = "models/<slug:name>/versions/<int:number>"

urlpatterns = [
    path(_V, overview.Overview.as_view(), name="version"),
    path(f"{_V}/card", views.Card.as_view(), name="version-card"),
    path(f"{_V}/card/edit", acts.CardEdit.as_view(), name="version-card-edit"),
    path(f"{_V}/signature", views.Signature.as_view(), name="version-signature"),
    path(f"{_V}/files", files.Files.as_view(), name="version-files"),
    path(f"{_V}/evaluation", measuring.Evaluation.as_view(), name="version-evaluation"),
    path(f"{_V}/plan", planning.SealPlan.as_view(), name="version-plan"),
    path(f"{_V}/explanations", measuring.Explanations.as_view(), name="version-explanations"),
    path(f"{_V}/compression", compressing.Compression.as_view(), name="version-compression"),
    path(f"{_V}/jobs", views.Jobs.as_view(), name="version-jobs"),
    path(f"{_V}/history", views.History.as_view(), name="version-history"),
    path(f"{_V}/submit", acts.Submit.as_view(), name="version-submit"),
    path(f"{_V}/waive", waiving.Waive.as_view(), name="version-waive"),
    path(
        f"{_V}/waivers/<uuid:waiver_id>/withdraw",
        waiving.Withdraw.as_view(),
        name="waiver-withdraw",
    ),
    path(f"{_V}/promote", acts.Promote.as_view(), name="version-promote"),
    path(f"{_V}/split", sharing.GiveShare.as_view(), name="version-split"),
    path(f"{_V}/split/end", sharing.EndShare.as_view(), name="version-split-end"),
    path(f"{_V}/revoke", acts.Revoke.as_view(), name="version-revoke"),
    path(f"{_V}/retire", acts.Retire.as_view(), name="version-retire"),
    path(f"{_V}/manifest", files.ManifestFile.as_view(), name="version-manifest"),
    path(
        f"{_V}/artifacts/<slug:role>/<str:file>",
        files.ArtifactFile.as_view(),
        name="version-artifact",
    ),
    path(f"{_V}/evidence/<slug:digest>", files.EvidenceFile.as_view(), name="version-evidence"),
]
