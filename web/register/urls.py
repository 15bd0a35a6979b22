"""Addresses of models, and of what makes versions of them."""

from django.urls import path

from web.register import calendar, declaring, entries, importing, views

urlpatterns = [
    path("models", views.ModelList.as_view(), name="models"),
    path("models/new", views.ModelNew.as_view(), name="model-new"),
    path("models/<slug:name>", views.ModelPage.as_view(), name="model"),
    path("models/<slug:name>/edit", views.ModelEdit.as_view(), name="model-edit"),
    path("register", entries.Register.as_view(), name="register"),
    path("register/calendar", calendar.Calendar.as_view(), name="register-calendar"),
    path("register/export", importing.RegisterExport.as_view(), name="register-export"),
    path("register/import", importing.RegisterImport.as_view(), name="register-import"),
    path("models/<slug:name>/entry", entries.EntryPage.as_view(), name="entry"),
    path("models/<slug:name>/train", views.TrainingNew.as_view(), name="training-new"),
    path(
        "models/<slug:name>/versions/declare",
        declaring.VersionDeclared.as_view(),
        name="version-declare",
    ),
    path("models/<slug:name>/versions/new", views.VersionNew.as_view(), name="version-new"),
]
