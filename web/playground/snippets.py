"""The same request in other hands: curl and Python."""

import json
from typing import Any


def curl(url: str, body: Any) -> str:
    """A command for a shell; the token comes from the environment."""
    data = json.dumps(body).replace("'", "'\\''")
    return (
        f"curl -X POST '{url}' \\\n"
        '  -H "Authorization: Bearer $ASSAY_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{data}'"
    )


def python(url: str, body: Any) -> str:
    """A program that needs nothing but Python."""
    return f"""import json
import os
import urllib.request

body = {body!r}
request = urllib.request.Request(
    {url!r},
    data=json.dumps(body).encode(),
    headers={{
        "Content-Type": "application/json",
        "Authorization": "Bearer " + os.environ["ASSAY_TOKEN"],
    }},
)
with urllib.request.urlopen(request) as reply:
    print(json.load(reply))"""
