from . import metrics, openapi
