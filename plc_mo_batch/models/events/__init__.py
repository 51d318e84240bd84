from . import (
    plc_event,
    plc_failure,
    plc_weighing,
)
