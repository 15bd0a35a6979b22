"""Addresses of jobs."""

from django.urls import path

from web.jobs import views

urlpatterns = [
    path("jobs", views.JobList.as_view(), name="jobs"),
    path("jobs/<uuid:pk>", views.JobPage.as_view(), name="job"),
    path("jobs/<uuid:pk>/live", views.JobLive.as_view(), name="job-live"),
    path("jobs/<uuid:pk>/log", views.JobLog.as_view(), name="job-log"),
    path("jobs/<uuid:pk>/cancel", views.JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:pk>/retry", views.JobRetry.as_view(), name="job-retry"),
]
