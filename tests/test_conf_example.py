"""odoo.conf.example is read by a real Odoo: every option is one of its own, and can be had."""

import configparser

from odoo.tools import config

from workshop.plant import ROOT

EXAMPLE = ROOT / "odoo.conf.example"


def options():
    parser = configparser.RawConfigParser()
    parser.read_string(EXAMPLE.read_text())
    return dict(parser.items("options"))


def test_every_option_is_odoos():
    for name, text in options().items():
        option = config.options_index.get(name)
        assert option is not None and option.file_loadable, name
        config.parse(name, text)


def test_it_fits_together():
    values = {name: config.parse(name, text) for name, text in options().items()}
    assert values["workers"] > 0
    assert values["max_cron_threads"] >= 2, "Task 2 keeps one busy"
    assert values["limit_time_real_cron"] > 2 * 60, "a run of Task 2 lasts a minute, and a write-back follows it"
    assert values["limit_memory_hard"] > values["limit_memory_soft"]
    assert len({values["http_port"], values["gevent_port"]}) == 2
