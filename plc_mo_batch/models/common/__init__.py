from . import (
    plc_board_source,
    plc_bounded,
    plc_changes,
    plc_counter,
    plc_fenced,
    plc_guarded,
    plc_notifier,
    plc_sealed,
    plc_task,
    plc_task_runs,
    plc_tolerance,
    plc_vacuum,
)
