"""The reasons that ``sentry_test`` can give, with the exit code and the remedy of each.

The codes and the exit codes are for scripts and never change their meaning.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

OK = 0
NOT_DELIVERED = 1
MISCONFIGURED = 2
DROPPED_HERE = 3
NOT_SENTRY = 4

#: What the exit codes mean, in the order in which one outweighs the other.
EXIT_CODES: Mapping[int, str] = {
    MISCONFIGURED: "misconfigured, or no DSN",
    NOT_DELIVERED: "not delivered to a server",
    NOT_SENTRY: "a server answered 2xx, but not as Sentry does",
    DROPPED_HERE: "dropped here by a filter, a hook or sampling",
    OK: "accepted by the server, verified",
}


class Reason(NamedTuple):
    """An exit code, and the remedy: a template for the facts of a :class:`Verdict`."""

    exit_code: int
    remedy: str = ""


class Verdict(NamedTuple):
    """What became of one item; ``reason`` is a key of :data:`REASONS`.

    ``status`` is that of the HTTP answer, ``seconds`` how long a rate limit lasts.
    """

    reason: str
    detail: str
    remedy: str = ""
    status: int | None = None
    seconds: int | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of this verdict alone."""
        return REASONS[self.reason].exit_code


REASONS: Mapping[str, Reason] = {
    "accepted": Reason(OK),
    "would_send": Reason(OK),
    "skipped": Reason(OK),
    # before anything is sent
    "no_dsn": Reason(MISCONFIGURED, 'Set $SENTRY_DSN or SENTRY["DSN"], or pass --dsn.'),
    "bad_dsn": Reason(
        MISCONFIGURED, "Copy the DSN anew from Sentry: project settings, Client Keys (DSN)."
    ),
    "switched_off": Reason(MISCONFIGURED, "Change {source} to false, or remove it."),
    "bad_transport": Reason(
        MISCONFIGURED, "Correct TRANSPORT ({source}); `manage.py check` says what is wrong."
    ),
    "bad_options": Reason(
        MISCONFIGURED, 'Correct SENTRY["OPTIONS"]; until then the site starts without them.'
    ),
    "logs_off": Reason(MISCONFIGURED, 'Set SENTRY["OPTIONS"] = {{"enable_logs": True}}.'),
    # the connection
    "unresolved": Reason(
        NOT_DELIVERED, "Check the host in {source}, and this machine's DNS (/etc/resolv.conf)."
    ),
    "refused": Reason(
        NOT_DELIVERED, "Check host and port in {source}, and whether the server runs."
    ),
    "unreachable": Reason(
        NOT_DELIVERED, "Check the network, the firewall, and the host in {source}."
    ),
    "disconnected": Reason(
        NOT_DELIVERED, "Check the server's log, and what stands between it and this machine."
    ),
    "tls": Reason(
        NOT_DELIVERED,
        'For a certificate authority of your own set SENTRY["OPTIONS"] = {{"ca_certs": '
        '"/path/ca.pem"}} or $SSL_CERT_FILE; otherwise check scheme and port in {source}.',
    ),
    "proxy": Reason(
        NOT_DELIVERED,
        "Check $HTTPS_PROXY and $HTTP_PROXY, or https_proxy and http_proxy in "
        'SENTRY["OPTIONS"]; $NO_PROXY lists hosts that need none.',
    ),
    "timeout": Reason(
        NOT_DELIVERED, "Check for a firewall that swallows packets, or try a longer --timeout."
    ),
    "request_failed": Reason(NOT_DELIVERED, "Check the host in {source}, and the network."),
    # the answer
    "denied": Reason(
        NOT_DELIVERED,
        "Compare key and project id in {source} with Sentry: project settings, Client Keys (DSN).",
    ),
    "not_found": Reason(NOT_DELIVERED, "Check host, path and project id in {source}."),
    "too_large": Reason(
        NOT_DELIVERED,
        "Send less: lower MAX_BREADCRUMBS, WITH_LOCALS or REQUEST_BODIES, or raise the server's "
        "or the proxy's limit.",
    ),
    "too_many_requests": Reason(
        NOT_DELIVERED, "Wait, or raise the quota in Sentry: subscription, or the key's rate limit."
    ),
    "rate_limited": Reason(NOT_DELIVERED, "Wait, or raise the quota for this category in Sentry."),
    "server_error": Reason(NOT_DELIVERED, "Try again later; the server's log says more."),
    "unexpected_status": Reason(NOT_DELIVERED, "Check that {source} names a Sentry server."),
    "redirect": Reason(NOT_DELIVERED, "Put the server's real scheme and host into {source}."),
    "not_sentry": Reason(
        NOT_SENTRY, "Check that {source} names a Sentry server, and not a login page or a proxy."
    ),
    "no_id": Reason(NOT_SENTRY, "Check that {source} names a Sentry server."),
    "other_id": Reason(
        NOT_SENTRY, "Check that {source} names a Sentry server, and that no cache answers for it."
    ),
    # not sent, or not seen
    "not_http": Reason(
        NOT_DELIVERED,
        "For a test against a server set SENTRY_TRANSPORT=http for this run; TRANSPORT comes "
        "from {source}.",
    ),
    "transport_failed": Reason(
        NOT_DELIVERED, "Correct the transport; TRANSPORT comes from {source}."
    ),
    "unverified": Reason(
        NOT_DELIVERED, "Look for the event in Sentry, and report the version of sentry-sdk to us."
    ),
    "not_sent": Reason(NOT_DELIVERED, "Try again with SENTRY_DEBUG=true in a shell."),
    "dropped_by_filter": Reason(DROPPED_HERE, "Change {source}, or pass --raw."),
    "dropped_by_hook": Reason(DROPPED_HERE, "Change {source}, or pass --raw."),
    "not_sampled": Reason(
        DROPPED_HERE, "Pass --raw, run it again, or raise the rate: it comes from {source}."
    ),
    "dropped_by_processor": Reason(
        DROPPED_HERE, "Look for add_event_processor in the project and in its integrations."
    ),
    "dropped": Reason(DROPPED_HERE, "Check {source}, or pass --raw."),
}


def verdict(
    reason: str, detail: str, *, source: object = "the DSN", **facts: int | None
) -> Verdict:
    """The verdict for ``reason``, its remedy filled in; ``source`` is what it says to change."""
    remedy = REASONS[reason].remedy.format(source=source)
    return Verdict(reason, detail, remedy, **facts)


def worst(verdicts: Iterable[Verdict]) -> int:
    """The exit code for all of ``verdicts`` together."""
    codes = {each.exit_code for each in verdicts}
    return next((code for code in EXIT_CODES if code in codes), OK)
