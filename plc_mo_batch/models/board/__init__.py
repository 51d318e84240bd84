from . import (
    ir_websocket,
    mo_batch_board,
    plc_board,
    plc_controller_board,
)
