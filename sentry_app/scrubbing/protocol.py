"""The parts of an item that Sentry itself reads: they are never touched.

A part is a mapping from key to the part below it; lists share the part of their elements. ``KEEP``
leaves a text or number as it is, ``WHOLE`` whatever stands there, ``SOURCE`` marks lines of source
code, None is ordinary data. See
https://develop.sentry.dev/sdk/data-model/event-payloads/ and the pages beside it.
"""

from collections.abc import Mapping
from typing import Any, Final

KEEP: Final = "keep"
WHOLE: Final = "whole"
SOURCE: Final = "source"

Part = Mapping[str, Any] | str | None


def _whole(names: str, **parts: Part) -> dict[str, Any]:
    return {**dict.fromkeys(names.split(), WHOLE), **parts}


def _keep(names: str, **parts: Part) -> dict[str, Any]:
    return {**dict.fromkeys(names.split(), KEEP), **parts}


_FRAME = _whole(
    "filename abs_path function raw_function module package platform lineno colno in_app "
    "instruction_addr addr_mode symbol_addr image_addr lock",
    pre_context=SOURCE,
    context_line=SOURCE,
    post_context=SOURCE,
    vars=None,
)
_STACKTRACE = {"frames": _FRAME}
_THREAD = _keep("id name current crashed main", stacktrace=_STACKTRACE)
_EXCEPTION = _keep(
    "type module thread_id",
    stacktrace=_STACKTRACE,
    raw_stacktrace=_STACKTRACE,
    mechanism=_keep("type handled synthetic exception_id parent_id source is_exception_group"),
)
_CODE = (
    "code.filepath code.file.path code.function code.function.name code.lineno code.line.number "
    "code.namespace thread.id thread.name process.pid sentry.op sentry.origin"
)
_SPAN = _whole(
    "trace_id span_id parent_span_id segment_id profile_id op status origin timestamp "
    "exclusive_time "
    "start_timestamp end_timestamp same_process_as_parent is_segment is_remote hash",
    data=_whole(_CODE),
)
_ATTRIBUTES = _whole(
    f"{_CODE} logger.name process.executable.name process.runtime.name process.runtime.version "
    "sentry.sdk.name sentry.sdk.version sentry.environment sentry.release sentry.severity_number "
    "sentry.severity_text sentry.segment.id sentry.trace.parent_span_id sentry.is_localhost"
)
#: One entry of a batch of logs, metrics or spans.
_ENTRY = {
    **_SPAN,
    **_whole("level severity_number type unit kind", attributes=_ATTRIBUTES),
    "links": _keep("trace_id span_id sampled"),
}
_CONTEXTS = {
    "trace": {**_SPAN, **_keep("client_sample_rate sample_rand sampled")},
    "runtime": _keep("name version build"),
    "profile": _keep("profile_id profiler_id"),
    "replay": _keep("replay_id"),
}
_BREADCRUMB = _whole("timestamp type category level event_id")
_PROFILE = {
    **dict.fromkeys(("samples", "stacks", "thread_metadata", "queue_metadata"), WHOLE),
    "frames": _FRAME,
}

ROOT: Mapping[str, Any] = _keep(
    "event_id timestamp start_timestamp received platform level logger type release dist "
    "environment "
    "version "
    "check_in_id sid init started seq status duration errors trace_id span_id parent_span_id "
    "profile_id profiler_id chunk_id sample_rate sample_rand sampled replay_id segment_id "
    "org_id public_key",
    **dict.fromkeys(("sdk", "modules", "debug_meta", "measurements", "_meta"), WHOLE),
    transaction_info=_keep("source"),
    exception=_EXCEPTION | {"values": _EXCEPTION},
    threads=_THREAD | {"values": _THREAD},
    stacktrace=_STACKTRACE,
    spans=_SPAN,
    breadcrumbs=_BREADCRUMB | {"values": _BREADCRUMB},
    contexts=_CONTEXTS,
    items=_ENTRY,
    attrs=_keep("release environment"),
    profile=_PROFILE,
    transactions=_keep("id trace_id active_thread_id relative_start_ns relative_end_ns"),
    transaction_data=_keep("id trace_id active_thread_id"),
)
