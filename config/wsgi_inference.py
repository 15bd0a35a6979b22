"""The WSGI application of the inference process; it begins to follow the database at once."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.platform.memory import limit_memory
from config.whole_bodies import whole_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_inference")
application = whole_bodies(get_wsgi_application())
limit_memory(settings.SERVER_MEMORY_BYTES)

# Models can be imported only once Django is set up.
from inference.serving import begin  # noqa: E402

begin()
