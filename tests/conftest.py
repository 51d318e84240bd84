"""The system from outside: real servers, sockets and databases of the tests' own. pytest-odoo's database is left alone."""

import pytest

from workshop import plant
from workshop.databases import drop_database, throwaway_name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For logs and ledgers."""
    return tmp_path_factory.mktemp("plant")


@pytest.fixture(scope="module")
def database(folder):
    """A fresh database with the demo data, whose PLC is at a port where nobody listens yet. No server runs on it."""
    name = throwaway_name()
    try:
        plant.new_database(name, folder / "newdb.log")
        plant.connect_plc(name, plant.free_port())
        yield name
    finally:
        drop_database(name)
