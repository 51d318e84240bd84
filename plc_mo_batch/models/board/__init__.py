from . import (
    ir_websocket,
    mo_batch_board,
    mo_batch_line_board,
    plc_board,
    plc_controller_board,
    plc_controller_board_alarms,
    plc_controller_board_events,
    plc_event_board,
    plc_failure_board,
    plc_weighing_board,
)
