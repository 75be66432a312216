"""Requests to the real ASGI application."""

from __future__ import annotations

import httpx
from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application


@async_to_sync
async def visit(*paths: str) -> list[httpx.Response]:
    """The answers to GET requests for ``paths``, one after another, with cookies kept.

    Under ``async_to_sync`` the parts that are not async run in this thread, and so on the
    connection to the database that the test has.
    """
    transport = httpx.ASGITransport(app=get_asgi_application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return [await client.get(path) for path in paths]
