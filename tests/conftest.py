"""The system from outside: real servers, sockets and databases of the tests' own. pytest-odoo's database is left alone."""

import pytest

from workshop.plant import fresh_database


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For logs and ledgers."""
    return tmp_path_factory.mktemp("plant")


@pytest.fixture(scope="module")
def database(folder):
    """A fresh database with the demo data, whose PLC is at a port where nobody listens yet. No server runs on it."""
    with fresh_database(folder) as name:
        yield name
