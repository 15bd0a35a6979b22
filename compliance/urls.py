"""REST addresses of the log, prediction records and exports."""

from django.urls import path

from compliance import api, api_exports, api_packs, api_past, api_tiles
from compliance.retention import api as retention

_EVENT = "audit/events/<uuid:event_id>"
_EXPORT = "exports/<uuid:export_id>"

urlpatterns = [
    *retention.urlpatterns,
    path("audit/events", api.Events.as_view(), name="audit-events"),
    path(_EVENT, api.Event.as_view(), name="audit-event"),
    path(f"{_EVENT}/proof", api.Proof.as_view(), name="audit-proof"),
    path("audit/checkpoint", api.NewestCheckpoint.as_view(), name="audit-checkpoint"),
    path("audit/checkpoints", api.Checkpoints.as_view(), name="audit-checkpoints"),
    path("audit/consistency", api.Consistency.as_view(), name="audit-consistency"),
    path("audit/tile/entries/<path:index>", api_tiles.EntryTile.as_view(), name="audit-entries"),
    path("audit/tile/<str:level>/<path:index>", api_tiles.HashTile.as_view(), name="audit-tile"),
    path("audit/keys", api.Keys.as_view(), name="audit-keys"),
    path("models/<slug:name>/past", api_past.ModelPast.as_view(), name="model-past"),
    path(
        "models/<slug:name>/aliases/<slug:alias>/past",
        api_past.AliasPast.as_view(),
        name="alias-past",
    ),
    path("audit/persons/<uuid:person_id>/acts", api_past.PersonActs.as_view(), name="person-acts"),
    path(
        "audit/datasets/<str:rows>/decisions",
        api_past.DatasetDecisions.as_view(),
        name="dataset-decisions",
    ),
    path("models/<slug:name>/history", api.ModelHistory.as_view(), name="model-history"),
    path(
        "models/<slug:name>/versions/<int:number>/history",
        api.VersionHistory.as_view(),
        name="version-history",
    ),
    path("predictions", api_exports.Predictions.as_view(), name="predictions"),
    path(
        "predictions/refused", api_exports.RefusedPredictions.as_view(), name="predictions-refused"
    ),
    path(
        "predictions/<uuid:prediction_id>",
        api_exports.PredictionDetail.as_view(),
        name="prediction",
    ),
    path("pack-templates", api_packs.PackTemplates.as_view(), name="pack-templates"),
    path("packs", api_packs.Packs.as_view(), name="packs"),
    path("packs/<uuid:pack_id>", api_packs.PackDetail.as_view(), name="pack"),
    path("packs/<uuid:pack_id>/files/<slug:form>", api_packs.PackFile.as_view(), name="pack-file"),
    path("exports", api_exports.Exports.as_view(), name="exports"),
    path(_EXPORT, api_exports.ExportDetail.as_view(), name="export"),
    path(f"{_EXPORT}/bundle", api_exports.Bundle.as_view(), name="export-bundle"),
]
