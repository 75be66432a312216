"""A visitor, who finds everything that works and everything that does not."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from urllib.parse import urlencode

# Joined here, because an event also shows the lines of the program around an error.
CARD_NUMBER = " ".join(["5555", "5555", "5555", "4444"])
VOUCHER = "-".join(["SPRING", "2741"])


class Visitor:
    """A browser: it keeps its cookies, and follows redirects."""

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        self._url = url
        self._say = say
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies),
            urllib.request.ProxyHandler({}),
        )

    def get(self, path: str) -> int:
        """Visit a page; returns the status."""
        return self._open("GET", path, None)

    def post(self, path: str, **fields: str) -> int:
        """Send a form; returns the status."""
        fields["csrfmiddlewaretoken"] = self._csrf_token()
        return self._open("POST", path, urlencode(fields).encode())

    def log_in(self, username: str, password: str) -> int:
        """Fetch the form and send it; returns the status."""
        self.get("/login/")
        return self.post("/login/", username=username, password=password)

    def _csrf_token(self) -> str:
        return next(str(cookie.value) for cookie in self._cookies if cookie.name == "csrftoken")

    def _open(self, method: str, path: str, data: bytes | None) -> int:
        start = time.monotonic()
        try:
            with self._opener.open(self._url + path, data, timeout=30) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            status = error.code
        self._say(f"{method:<4} {path:<20} {status}  {time.monotonic() - start:.2f} s")
        return status


def visit_everything(url: str, password: str, say: Callable[[str], None]) -> bool:
    """See every page as a guest, as a customer and as a test user.

    Returns whether each answered with the status that it should have.
    """
    guest, ada, tester = (Visitor(url, say) for _ in range(3))
    statuses = [
        *(guest.get("/"), guest.get("/products/unicorn/"), guest.get("/health/")),
        *(guest.get("/preorder/"), guest.get("/report/"), guest.get("/basket/")),
        tester.log_in("tester", password),
        tester.get("/account/"),
        ada.log_in("ada", password),
        ada.post("/checkout/", card_number=CARD_NUMBER, voucher=VOUCHER),
        *(ada.get("/account/"), ada.get("/order/")),
    ]
    return statuses == [200, 404, 200, 500, 200, 200, 200, 500, 200, 500, 500, 200]
