"""The plant's world has all that Odoo Community builds on mrp, also what its next version adds; what is tested there exists."""

from odoo.modules.module import Manifest

from workshop.paths import ROOT
from workshop.testing import LONGEST_FIRST, PLANT_TESTS, _all, _shared_files
from workshop.worlds import BARE, PLANT

SHOPS = ("pos_", "website_")
COUNTRIES = ("l10n_",)
PROGRAMS = ("test_",)  # of Odoo's own tests


def closure(manifests, modules):
    """With what they depend on, and what installs itself beside them."""
    installed, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in installed and name in manifests:
            installed.add(name)
            waiting += manifests[name]["depends"]
        if not waiting:
            waiting = [name for name in manifests.keys() - installed if _installs_itself(manifests[name], installed)]
    return installed


def _installs_itself(manifest, installed):
    wanted = manifest["auto_install"]  # a set of modules, or False
    return wanted is not False and not manifest.get("countries") and set(wanted) <= installed


def test_plant_has_what_builds_on_mrp():
    manifests = {manifest.name: manifest for manifest in Manifest.all_addon_manifests()}
    installed = closure(manifests, PLANT.modules)
    builds = {name for name in manifests if "mrp" in closure_of_depends(manifests, name)}
    left_out = {name for name in builds - installed if not name.startswith((*SHOPS, *COUNTRIES, *PROGRAMS))}
    assert left_out == {"plc_mo_batch"}
    assert {"mrp_account", "sale_mrp", "purchase_mrp", "project_mrp", "mrp_product_expiry", "maintenance"} <= installed


def closure_of_depends(manifests, name):
    found, waiting = set(), [name]
    while waiting:
        for each in manifests[waiting.pop()]["depends"]:
            if each in manifests and each not in found:
                found.add(each)
                waiting.append(each)
    return found


def test_what_is_tested_there_exists():
    assert [path for path in (*PLANT_TESTS, *LONGEST_FIRST) if not (ROOT / path).exists()] == []


def test_each_commit_tries_every_file_and_each_in_one_world():
    shared, seen = _shared_files(), set()
    for lot in ("cafe", "beef", "feed"):
        left_out = {option.partition("=")[2] for option in _all(BARE, lot) if option.startswith("--ignore=")}
        in_plant = {path for path in _all(PLANT, lot) if path.endswith(".py")}
        assert left_out == in_plant and 0 < len(in_plant) < len(shared)
        seen |= {frozenset(in_plant)}
    assert len(seen) == 3, "another commit draws others"
    assert not any(option.startswith("--ignore=") for option in _all(BARE, "")), "unless everything is tried"
    assert set(PLANT_TESTS) <= set(_all(PLANT, ""))
