from . import (
    plc_alarm,
    plc_alarm_escalation,
    plc_controller_diagnostics,
    plc_controller_health,
    plc_metrics,
    plc_task_health,
    plc_task_health_sensors,
    plc_task_health_silos,
)
