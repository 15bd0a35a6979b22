"""All lines together; how to read them stands in `routes_pages`."""

from tests.promises.routes_api import API
from tests.promises.routes_pages import PAGES as OTHER_PAGES
from tests.promises.routes_pages import Expected
from tests.promises.routes_people import PEOPLE
from tests.promises.routes_reviews import REVIEWS

PAGES: Expected = OTHER_PAGES | PEOPLE
WEB: Expected = PAGES | API | REVIEWS

# The process that predicts knows callers from memory alone; who may ask is a table of its tests.
INFERENCE_FOR_ANONYMOUS = {
    "inference: /health": {},
    "inference: /api/v1/models/<slug:name>/predict": {"POST": "401"},
    "inference: /api/v1/models/<slug:name>/versions/<int:number>/predict": {"POST": "401"},
    "inference: /api/v1/schema": {"GET": "ok"},
}
