from . import (
    test_cancel,
    test_captures,
    test_exchange,
    test_fill,
    test_fill_race,
    test_security,
    test_simulator,
    test_withdraw,
    test_write_back,
)
