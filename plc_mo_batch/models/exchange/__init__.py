from . import (
    plc_task_exchange,
    plc_task_exchange_clock,
    plc_task_exchange_events,
    plc_task_exchange_levels,
)
