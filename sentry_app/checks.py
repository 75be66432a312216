def check_sentry(app_configs, **kwargs):
    return []


def check_deployment(app_configs, **kwargs):
    return []
