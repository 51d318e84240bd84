"""The programs of this project that are no part of the addon: what the commands in ``dev/`` run, and what tests use of it.

``dev/env.sh`` puts the folder ``dev`` on PYTHONPATH, pytest.ini does so for pytest; ``python -m workshop`` is a command.
"""
