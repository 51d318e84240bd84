"""The plant of a soak: three PLCs behind their proxies, two genuine Odoo servers whose clocks can be set, and who may log in."""

import json
import os
import sys

from workshop import plant
from workshop.paths import ROOT
from workshop.torture.books import Ledger
from workshop.torture.genuine import ADDONS
from workshop.torture.peer import Peer, fault_proxy
from workshop.torture.silos import BINS, Place, Shelf, set_up_silos
from workshop.torture.watch import Watch
from workshop.torture.world import BY_HAND, WEIGHED, new_orders

RUNS = 2  # of each task that several may share: whichever server is free takes one
SPEED = 200.0  # a batch of four minutes takes a good second
GRACE_MINUTES = 0.1  # for what is weighed by hand
ORDERS = 20  # of each PLC at first
PLCS = [  # name, simulator's options, layout
    ("Soak job numbers", {"handshake": "job-numbers", "tells": True}, "job_numbers"),
    ("Soak flags", {"handshake": "flags"}, "flags"),
    ("Soak ISA-88", {"handshake": "job-numbers", "layout": "isa88"}, "isa88"),
]
ROLES = ("operator", "manager")  # of the addon, without any other right
PASSWORD = "at-the-board-1"


class Plc:
    """A simulated PLC behind its proxy, and what Odoo calls it."""

    def __init__(self, options, facts, database, folder, seed):
        self.id, self.name, self.picking_type, self.feed, self.bom, silos, places = facts
        self.silos = {int(code): product for code, product in silos.items()}
        self.places = {int(code): Place(*place) for code, place in places.items()}
        self.has_commands = "layout" in options
        self.tells = options.get("tells", False)
        self.forgotten = 0  # events that it had not told yet when it lost its memory
        self.offences = folder / f"offences_{self.id}.jsonl"
        bins = BINS if self.places else {}
        self.peer = Peer(scan_time=0.05, speed=SPEED, seed=seed, **options, **bins).start()
        self.peer.watch = Watch(self.peer.mill, f"dbname={database}", self.id, self.offences)
        self.proxy = fault_proxy.FaultProxy(self.peer.port)
        self.proxy.__enter__()

    def ledger(self):
        return Ledger(self.records())

    def records(self):
        with self.peer.lock:
            return json.loads(json.dumps(self.peer.mill.ledger))

    def shelf(self, call):
        """From where people take what they book by hand; None where silos are no stock locations."""
        return Shelf(call, self.id, self.places) if self.places else None

    def has_told(self):
        """Nothing waits to be shown, nor for its flag."""
        with self.peer.lock:
            return not any(area.shown or area.waiting for area in self.peer.mill.areas.values())

    def lose_memory(self, keep_taken):
        with self.peer.lock:
            self.forgotten += sum(bool(area.shown) + len(area.waiting) for area in self.peer.mill.areas.values())
            self.peer.lose_memory(keep_taken)

    def stop(self):
        self.proxy.refuse()
        self.peer.stop()


class Server:
    """A genuine Odoo server with cron threads, whose clock can be set."""

    def __init__(self, name, database, folder):
        self.name = name
        self.database = database
        self.port = plant.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.clock = folder / f"{name}.clock"
        self.log = folder / f"{name}.log"
        self.starts = 0
        self._process = None

    def start(self):
        self.starts += 1
        command = [sys.executable, os.environ["ODOO_SCRIPT"], "-c", os.environ["ODOO_RC"], "-d", self.database]
        command += ["--http-port", self.port, "--workers", 0, "--max-cron-threads", 2, "--no-database-list"]
        command += plant.Server.PATIENT
        command += ["--load", "base,web,plc_torture_hook", f"--addons-path={ROOT},{ADDONS}", "--log-level", "warn"]
        os.environ["PLC_SOAK_CLOCK"] = str(self.clock)  # inherited
        self._process = plant.Process(command, self.log.with_suffix(f".{self.starts}.log"))

    def is_up(self):
        return plant.answers(self.port)

    def set_clock(self, offset):
        self.clock.write_text(str(offset))

    def kill(self):
        """``kill -9``."""
        self._process.kill()

    def revive(self):
        """Start it again if it was killed. By the main thread alone, with which the process is to end."""
        if self._process.exit_code is not None:
            self.start()

    def stop(self):
        if self._process:
            self._process.kill()


class Api:
    """XML-RPC at one server, for one thread; who logs in only once the server is there.

    :param secret: password or API key
    """

    def __init__(self, server, login, secret):
        self.server = server
        self.login, self.secret = login, secret
        self._rpc = None

    def __call__(self, model, method, *args, **kwargs):
        if self._rpc is None:
            self._rpc = plant.Rpc(self.server.url, self.server.database, self.login, self.secret)
        return self._rpc.call(model, method, *args, **kwargs)


def set_up(env, batches=0):
    """Three PLCs with orders, nothing due, and a user of each role.

    :param batches: silos are stock locations with enough in them for about so many of each PLC; 0: they are none
    :return: of each PLC its id, name, operation type, product, BoM, product id by equipment code, and what the silos' places are
        made of; of each user the secret; what lies in the store, see :func:`set_up_silos`
    """
    from odoo import Command, fields

    env["ir.cron"].with_context(active_test=False).search([("cron_name", "not like", "PLC Task %")]).active = False
    env["ir.cron.trigger"].search([]).unlink()
    mill = env.ref("plc_mo_batch.plc_controller_mill")
    mill.enabled = False
    controllers = env["plc.controller"]
    for name, _options, layout in PLCS:
        kind = mill.picking_type_ids[0].copy({"name": name, "sequence_code": name[-3:].upper()})
        equipment = [
            {"name": f"{name} {item.code}", "code": item.code, "kind": item.kind, "product_ids": item.product_ids.ids}
            for item in mill.equipment_ids
        ]
        controller = (
            env["plc.controller"]
            .sudo()
            .create(
                {
                    "name": name,
                    "host": "127.0.0.1",
                    "port": len(controllers) + 1,  # each its own; the proxy's, once that listens
                    "layout_id": env.ref(f"plc_mo_batch.plc_register_layout_{layout}").id,
                    "picking_type_ids": kind.ids,
                    "equipment_ids": [Command.create(values) for values in equipment],
                    "poll_interval": 0.3,
                    "timeout": 0.5,
                    "settle_time": 0.5,
                    "quiet_time": 2.0,
                    "commissioned": True,
                }
            )
        )
        controllers |= controller
    places, in_store = set_up_silos(env, controllers, batches) if batches else ([{} for _plc in PLCS], {})
    facts = []
    for (name, options, _layout), controller, places_of_plc in zip(PLCS, controllers, places, strict=True):
        if options.get("tells"):
            controller.write({"hand_add_policy": "weighed", "weighing_grace": GRACE_MINUTES, "tz": "UTC"})
        orders = new_orders(env, controller, ORDERS, WEIGHED if options.get("tells") else BY_HAND)
        silos = {item.code: item.product_ids.id for item in controller.equipment_ids}
        kind = controller.picking_type_ids
        facts.append([controller.id, name, kind.id, orders.product_id.id, orders.bom_id.id, silos, places_of_plc])
    env["res.config.settings"].create({"plc_parallel_runs": RUNS}).execute()
    env["ir.cron"].search([]).write({"nextcall": fields.Datetime.now()})
    return facts, [new_user(env, role) for role in ROLES], in_store


def new_user(env, role):
    """:return: what lets her in: the operator's password, the manager's API key"""
    groups = env.ref("base.group_user") + env.ref(f"plc_mo_batch.group_{role}")
    values = {"name": role.capitalize(), "login": role, "password": PASSWORD, "group_ids": groups.ids}
    user = env["res.users"].create(values)
    if role == "operator":
        return PASSWORD
    return env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "soak", None)
