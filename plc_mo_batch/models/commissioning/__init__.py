from . import plc_commissioning, plc_commissioning_step, plc_controller_commissioning
