from . import (
    test_alarm,
    test_diagnostics,
    test_escalation,
    test_health,
    test_metrics,
    test_vacuum,
)
