"""REST addresses of evaluation."""

from django.urls import path

from evaluation import api, api_plans

_VERSION = "models/<slug:name>/versions/<int:number>"

urlpatterns = [
    path(f"{_VERSION}/plans", api_plans.Plans.as_view(), name="plans"),
    path("datasets/<uuid:dataset_id>/uses", api_plans.DatasetUses.as_view(), name="dataset-uses"),
    path(f"{_VERSION}/evaluations", api.Evaluations.as_view(), name="evaluations"),
    path(f"{_VERSION}/explanations", api.Explanations.as_view(), name="explanations"),
]
