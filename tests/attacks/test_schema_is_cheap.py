"""The document of the API is public, so asking for it must cost nothing and break nothing."""

import time

import pytest
from django.test import Client

ADDRESS = "/api/v1/schema"


def test_the_document_is_made_once() -> None:
    first = Client().get(ADDRESS).content
    began = time.process_time()
    for number in range(20):
        assert Client().get(f"{ADDRESS}?version={number}&lang=zh-hans").content == first
    # Making it anew each time takes ten seconds and more.
    assert time.process_time() - began < 4


@pytest.mark.parametrize("query", ["version=%0aX-Evil:1", "version=%22", "lang=../..", "format=x"])
def test_nothing_in_its_address_reaches_the_reply(query: str) -> None:
    reply = Client().get(f"{ADDRESS}?{query}")
    assert reply.status_code == 200
    assert "X-Evil" not in reply.headers
    assert b"assay_pat_" in reply.content
