"""whool, and beside what it takes from the manifest the optional extras, which it does not know."""

from whool import buildapi
from whool.buildapi import *  # noqa: F403 - the hooks of a build backend
from whool.utils import load_pyproject_toml

_required = buildapi.metadata_from_addon_dir


def _with_extras(addon_dir, *args, **options):
    metadata = _required(addon_dir, *args, **options)
    for extra, requirement in load_pyproject_toml(addon_dir)["tool"]["plc_mo_batch"]["extras"].items():
        metadata["Provides-Extra"] = extra
        metadata["Requires-Dist"] = f'{requirement}; extra == "{extra}"'
    return metadata


buildapi.metadata_from_addon_dir = _with_extras
