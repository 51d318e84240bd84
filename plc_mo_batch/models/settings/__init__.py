from . import (
    ir_cron,
    ir_http,
    res_config_settings,
)
