"""Is the SENTRY dict, with the environment, right?"""

from collections.abc import Iterable, Iterator

from django.utils.module_loading import import_string

from sentry_app import check_ids, defaults, sdk
from sentry_app.conf import SETTINGS, Config
from sentry_app.integrations.installed import is_installed
from sentry_app.setting import Problem, one_line, shown

HOOKS = ("BEFORE_SEND", "BEFORE_SEND_TRANSACTION", "BEFORE_BREADCRUMB")

#: The settings that need a package, which is also the name of the extra.
NEEDS = {
    "CELERY_MONITOR_BEAT": "celery",
    "CELERY_REPORT_RETRIES": "celery",
    "REDIS_CACHE_PREFIXES": "redis",
}


def wrong_settings(config: Config) -> Iterable[Problem]:
    """Keys and values that cannot be used, and those without effect yet."""
    return config.problems


def wrong_options(config: Config) -> Iterable[Problem]:
    """Entries of OPTIONS."""
    if not config.OPTIONS:
        return []
    # Imported here, like everything that imports the SDK: a project without a DSN needs none.
    from sentry_app import options

    return options.problems(config)


def refused_options(config: Config) -> Iterator[Problem]:
    """What the SDK said when it was started."""
    error = sdk.start_error()
    if error is not None:
        source = f" with {config.sources['OPTIONS']}" if sdk.is_configured() else ""
        instead = "it runs without any of OPTIONS" if sdk.is_configured() else "nothing is sent"
        yield Problem(
            check_ids.START_FAILED,
            "OPTIONS",
            f"The SDK does not start{source}: {_told(error)}",
            f"Correct what it names, or remove it; until then {instead}.",
        )


def wrong_hooks(config: Config) -> Iterator[Problem]:
    """Hooks by dotted path that cannot be imported or called."""
    named = {key: getattr(config, key) for key in HOOKS}
    if "traces_sampler" in config.OPTIONS:
        named["OPTIONS"] = (config.OPTIONS["traces_sampler"],)
    if isinstance(config.USER_FIELDS, str):
        named["USER_FIELDS"] = (config.USER_FIELDS,)
    for key, hooks in named.items():
        for hook in hooks:
            reason = "" if callable(hook) else _why_not_callable(hook)
            if reason:
                yield Problem(
                    check_ids.BAD_DOTTED_PATH,
                    key,
                    f"{config.sources[key]} names {hook!r}, which {reason}",
                    "Correct the path or the module; until then the hook is passed over.",
                )


def wrong_transport(config: Config) -> Iterator[Problem]:
    """A transport by dotted path that cannot be imported or is none."""
    reason = _why_no_transport(config.TRANSPORT) if "." in config.TRANSPORT else ""
    if reason:
        instead = "events go to the DSN" if config.DSN else "nothing is sent"
        yield Problem(
            check_ids.BAD_DOTTED_PATH,
            "TRANSPORT",
            f"{config.sources['TRANSPORT']} names {config.TRANSPORT!r}, which {reason}",
            f"Correct the path or the module; until then {instead}.",
        )


def missing_extras(config: Config) -> Iterator[Problem]:
    """Settings for Celery or Redis where it is not installed."""
    for key, package in NEEDS.items():
        if getattr(config, key) != SETTINGS[key].default and not is_installed(package):
            yield Problem(
                check_ids.EXTRA_MISSING,
                key,
                f"{config.sources[key]} is {shown(SETTINGS[key], getattr(config, key))}, "
                f"but {package} is not installed.",
                f"Install it (pip install 'django-sentry-app[{package}]'), or remove the setting.",
            )


def no_tail_sampling(config: Config) -> Iterator[Problem]:
    """OPTIONS that make the SDK send spans in batches: no transaction waits for its end."""
    experiments = config.OPTIONS.get("_experiments") or {}
    given = config.OPTIONS.get("trace_lifecycle") or experiments.get("trace_lifecycle")
    if config.TAIL_SAMPLING and given == "stream":
        yield Problem(
            check_ids.TAIL_SAMPLING_OFF,
            "TAIL_SAMPLING",
            f"TAIL_SAMPLING has no effect: {config.sources['OPTIONS']} holds trace_lifecycle "
            "'stream', so that spans leave before a transaction turns out to be slow or failed.",
            'Remove trace_lifecycle, or set SENTRY["TAIL_SAMPLING"] to False.',
        )


def missing_parts(config: Config) -> Iterator[Problem]:
    """An SDK that is built differently from those that were tested."""
    missing = sdk.missing_parts()
    if missing:
        yield Problem(
            check_ids.SEAM_MISSING,
            "sentry-sdk",
            f"This version of sentry-sdk does not have {', '.join(missing)}: slow and failed "
            "transactions are sampled like any other and have no limit; errors are ignored or held "
            "back once they are built, or what an event costs is not bounded.",
            "Install a version that this release was tested with, or a later release of this app.",
        )


def unreadable_release(config: Config) -> Iterator[Problem]:
    """RELEASE_FILE or RELEASE_PACKAGE that names nothing."""
    if not (config.RELEASE_FILE or config.RELEASE_PACKAGE):
        return
    from sentry_app.releases import READERS

    for key, read in READERS.items():
        name = getattr(config, key)
        if name and not read(name):
            yield Problem(
                check_ids.RELEASE_UNREADABLE,
                key,
                f"{config.sources[key]} names {name!r}, from which no release can be read.",
                "Correct the name, or remove the setting; until then the next source counts.",
            )


def opened_fields(config: Config) -> Iterator[Problem]:
    """Entries of SCRUB_ALLOW that are in the built-in set."""
    if not config.SCRUB_ALLOW:
        return
    # Imported here: a site that only starts need not compile the scrubber's expressions.
    from sentry_app.scrubbing.keys import words

    fields = (*defaults.SCRUB_FIELDS, *(() if config.SEND_DEFAULT_PII else defaults.PII_FIELDS))
    secret = {words(field) for field in fields}
    for entry in config.SCRUB_ALLOW:
        if words(entry) in secret:
            yield Problem(
                check_ids.SCRUB_ALLOW_OPENS,
                "SCRUB_ALLOW",
                f"{config.sources['SCRUB_ALLOW']} holds {entry!r}, a field of the built-in set: "
                "its values are sent.",
                "Remove the entry, or give the longer name of the one field that is no secret.",
            )


def useless_fields(config: Config) -> Iterator[Problem]:
    """Entries of SCRUB_FIELDS without a word, which match nothing."""
    if not config.SCRUB_FIELDS:
        return
    from sentry_app.scrubbing.keys import words

    for entry in config.SCRUB_FIELDS:
        if not words(entry):
            yield Problem(
                check_ids.SCRUB_FIELD_USELESS,
                "SCRUB_FIELDS",
                f"{config.sources['SCRUB_FIELDS']} holds {entry!r}, which matches no key: only "
                "letters and digits are compared.",
                "Describe the values in SCRUB_PATTERNS instead, or remove the entry.",
            )


def _why_not_callable(path: str) -> str:
    try:
        return "" if callable(import_string(path)) else "is not callable."
    except Exception as error:  # the project's module may raise anything
        return f"cannot be imported: {_told(error)}"


def _why_no_transport(path: str) -> str:
    from sentry_sdk import Transport

    try:
        found = import_string(path)
    except Exception as error:  # the project's module may raise anything
        return f"cannot be imported: {_told(error)}"
    is_transport = isinstance(found, type) and issubclass(found, Transport)
    return "" if is_transport else "is not a subclass of sentry_sdk.Transport."


def _told(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}", limit=300)
