"""Addresses of the time machine."""

from django.urls import path

from web.past import views

urlpatterns = [
    path("past", views.AliasPast.as_view(), name="past"),
    path("past/model", views.ModelPast.as_view(), name="past-model"),
    path("past/person", views.PersonPast.as_view(), name="past-person"),
    path("past/dataset", views.DatasetPast.as_view(), name="past-dataset"),
]
