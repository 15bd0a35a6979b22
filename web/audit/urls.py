"""Addresses of the log and its exports."""

from django.urls import path

from web.audit import views

urlpatterns = [
    path("audit", views.AuditLog.as_view(), name="audit"),
    path("audit/events/<uuid:pk>", views.AuditEventPage.as_view(), name="audit-event"),
    path("audit/events/<uuid:pk>/proof", views.AuditProof.as_view(), name="audit-proof"),
    path("audit/events/<uuid:pk>/leaf", views.AuditLeaf.as_view(), name="audit-leaf"),
    path("audit/export", views.AuditExport.as_view(), name="audit-export"),
    path("audit/export/<uuid:pk>", views.AuditExportFile.as_view(), name="audit-export-file"),
]
