from . import (
    plc_output,
)
