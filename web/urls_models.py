"""Addresses of home, models, versions, datasets and the playground."""

from web.datasets.urls import urlpatterns as datasets
from web.home.urls import urlpatterns as home
from web.playground.urls import urlpatterns as playground
from web.register.urls import urlpatterns as register
from web.versions.urls import urlpatterns as versions

urlpatterns = [*home, *register, *versions, *datasets, *playground]
