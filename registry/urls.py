"""REST addresses of the registry."""

from django.urls import path

from registry import api, api_jobs, api_uploads
from registry.register import api as register
from registry.register import api_importing

_VERSION = "models/<slug:name>/versions/<int:number>"

urlpatterns = [
    *api_uploads.urlpatterns,
    *api_jobs.urlpatterns,
    *register.urlpatterns,
    *api_importing.urlpatterns,
    path("models", api.Models.as_view(), name="models"),
    path("models/<slug:name>", api.Model.as_view(), name="model"),
    path("models/<slug:name>/alias-history", api.AliasHistory.as_view(), name="alias-history"),
    path("models/<slug:name>/versions", api.Versions.as_view(), name="versions"),
    path(_VERSION, api.Version.as_view(), name="version"),
    path(f"{_VERSION}/manifest", api.Manifest.as_view(), name="manifest"),
    path(
        f"{_VERSION}/artifacts/<slug:role>/<str:file>",
        api.ArtifactBytes.as_view(),
        name="artifact",
    ),
    path(f"{_VERSION}/card", api.Card.as_view(), name="card"),
    path(f"{_VERSION}/evidence", api.EvidenceList.as_view(), name="evidence-list"),
    path(f"{_VERSION}/evidence/<str:digest>", api.EvidenceBody.as_view(), name="evidence"),
    path("datasets", api.Datasets.as_view(), name="datasets"),
    path("datasets/<uuid:dataset_id>", api.Dataset.as_view(), name="dataset"),
]
