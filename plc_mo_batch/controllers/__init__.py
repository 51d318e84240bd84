from . import diagnostics, metrics, openapi
