from . import (
    mo_batch_api,
    plc_api,
    plc_controller_api,
)
