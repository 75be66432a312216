"""Where envelopes go: the gate that stands before every transport, and the local ones."""

from sentry_app.transports.gate import Gate

__all__ = ["Gate"]
