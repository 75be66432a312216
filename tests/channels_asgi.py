"""The test project with WebSockets, by Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
http = get_asgi_application()  # before what needs the apps

# ruff: noqa: E402
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path

from tests.consumers import Chat, Status, SyncChat

websocket = URLRouter(
    [path("chat/<room>/", Chat.as_asgi()), path("sync-chat/<room>/", SyncChat.as_asgi())]
)
application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("status/<page>/", Status.as_asgi()), re_path("", http)]),
        "websocket": AuthMiddlewareStack(websocket),
    }
)
