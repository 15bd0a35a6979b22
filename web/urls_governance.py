"""Addresses of reviews, jobs, policies, access, the audit log and the API page."""

from web.access.urls import urlpatterns as access
from web.apidocs.urls import urlpatterns as apidocs
from web.audit.urls import urlpatterns as audit
from web.emergencies.urls import urlpatterns as emergencies
from web.findings.urls import urlpatterns as findings
from web.jobs.urls import urlpatterns as jobs
from web.packs.urls import urlpatterns as packs
from web.past.urls import urlpatterns as past
from web.policies.urls import urlpatterns as policies
from web.proposals.urls import urlpatterns as proposals
from web.retention.urls import urlpatterns as retention
from web.reviews.urls import urlpatterns as reviews

urlpatterns = [
    *reviews,
    *findings,
    *emergencies,
    *jobs,
    *policies,
    *proposals,
    *access,
    *audit,
    *past,
    *packs,
    *retention,
    *apidocs,
]
