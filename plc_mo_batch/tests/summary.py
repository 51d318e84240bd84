"""Lines that tests want to be read at the end of a run: conftest.py prints them."""

import logging

_logger = logging.getLogger(__name__)

LINES: list[str] = []


def tell(line: str) -> None:
    LINES.append(line)
    _logger.info("%s", line)
