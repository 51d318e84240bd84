from . import (
    ir_cron,
    ir_http,
    ir_module_module,
    res_company,
    res_config_settings,
)
