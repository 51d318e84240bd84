from . import (
    test_alarm,
    test_health,
    test_metrics,
    test_vacuum,
)
