"""The plant's world has all that Odoo Community builds on mrp, also what its next version adds; what is tested there exists."""

from odoo.modules.module import Manifest

from workshop.paths import ROOT
from workshop.testing import ALWAYS, LONGEST_FIRST, PLANT_TESTS, _all, _files, _shared_files
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


def left_out(lot):
    return {option.partition("=")[2] for option in _all(BARE, lot) if option.startswith("--ignore=")}


def in_plant(lot):
    return {path for path in _all(PLANT, lot) if path.endswith(".py")}


def test_each_commit_tries_a_part_and_each_file_in_one_world():
    files, shared = set(_files(LONGEST_FIRST)), set(_shared_files())
    for lot in ("cafe", "beef", "feed"):
        assert in_plant(lot) <= left_out(lot) & shared
        tried = files - left_out(lot) | in_plant(lot)
        assert {file for file in files if file.startswith(ALWAYS)} <= tried
        assert len(files) / 4 < len(tried) < 3 * len(files) / 4
    assert in_plant("cafe") != in_plant("beef"), "another commit draws others"


def test_a_few_commits_try_every_file():
    lots = [f"{number:040x}" for number in range(100)]
    assert set.intersection(*(left_out(lot) - in_plant(lot) for lot in lots)) == set()
    assert set.intersection(*(set(_shared_files()) - in_plant(lot) for lot in lots)) == set(), "and in the plant's world"


def test_nothing_is_left_out_unless_it_is_drawn():
    assert left_out("") == set()
    assert set(PLANT_TESTS) <= set(_all(PLANT, ""))


def test_what_is_always_tried_exists():
    files = _files(LONGEST_FIRST)
    assert [path for path in ALWAYS if not any(file.startswith(path) for file in files)] == []
