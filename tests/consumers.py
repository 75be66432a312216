"""Consumers of Channels; served by tests.channels_asgi."""

from typing import Any

from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer


class Chat(AsyncWebsocketConsumer):
    """Answers each message, and fails on "fail"."""

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        if text_data == "fail":
            raise RuntimeError("no such room")
        await self.send(text_data=f"{self.scope['user']}: {text_data}")


class SyncChat(WebsocketConsumer):
    """The same in a thread."""

    def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        if text_data == "fail":
            raise RuntimeError("no such room")
        self.send(text_data=f"{self.scope['user']}: {text_data}")


class Status(AsyncHttpConsumer):
    """A page; the path "/fail" fails."""

    async def handle(self, body: bytes) -> None:
        if self.scope["path"].endswith("fail/"):
            raise RuntimeError("no status")
        await self.send_response(200, b"fine")
