from . import plc_commissioning
from . import plc_commissioning_step
from . import plc_controller_commissioning
