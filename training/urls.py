"""REST addresses of training and compression."""

from django.urls import path

from training import api

urlpatterns = [
    path("recipes", api.Recipes.as_view(), name="recipes"),
    path("models/<slug:name>/trainings", api.Trainings.as_view(), name="trainings"),
    path("trainings/<uuid:run_id>", api.Training.as_view(), name="training"),
    path(
        "models/<slug:name>/versions/<int:number>/compressions",
        api.Compressions.as_view(),
        name="compressions",
    ),
]
