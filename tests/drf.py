"""Views of REST framework; imported by the URLs where it is installed."""

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response


class Unavailable(APIException):
    status_code = 503


class Token(BaseAuthentication):
    """The token is the user's name."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        name = get_authorization_header(request).decode().removeprefix("Token ")
        return (User.objects.get(username=name), name) if name else None


@api_view(["GET", "POST"])
@authentication_classes([Token])
def answer(request: Request, status: str) -> Response:
    """Answers 200, raises what ends in another status, or crashes."""
    if status == "crash":
        raise RuntimeError("as asked")
    if status in ("503", "404"):
        raise Unavailable("no stock") if status == "503" else NotFound
    return Response({"user": str(request.user)})
