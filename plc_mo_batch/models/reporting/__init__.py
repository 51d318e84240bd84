from . import (
    plc_controller_shifts,
    plc_output,
)
