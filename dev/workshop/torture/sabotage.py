"""Ways to break the promise on purpose, in a forked Odoo: torture shows with them, at each start, that it would notice."""


def tell_before_it_is_stored(registry):
    """Task 2 writes to the PLC first and commits later."""
    registry["plc.task.exchange"]._commit = lambda task: None


def lose_the_last_bag(registry):
    """What the PLC reports is stored with a kilogram less."""
    mo_batch = registry["mo.batch"]
    store = mo_batch._store_actuals
    mo_batch._store_actuals = lambda batch, codes, actuals: store(batch, codes, [max(0.0, actual - 1) for actual in actuals])


def send_again_by_itself(registry):
    """A batch that was offered and is not seen running counts as not sent, and gets another job number."""
    controller = registry["plc.controller"]
    jobs = controller._jobs

    def forget(plc, layout):
        offered = plc.env["mo.batch"].search([("controller_id", "=", plc.id), ("state", "in", ("offered", "running"))])
        offered.write({"state": "queued", "job_number": 0})
        return jobs(plc, layout)

    controller._jobs = forget


def never_book(registry):
    """Task 3 does nothing."""
    registry["plc.task.write.back"]._work = lambda task: None


def acknowledge_before_commit(_registry):
    """An event's flag is written as soon as the event is stored, and the transaction is committed later."""
    from odoo.addons.plc_mo_batch.models.exchange.plc_task_exchange_events import EventTalk
    from odoo.addons.plc_mo_batch.plc.transport import Link

    store = EventTalk._store

    def hasty(talk, *args):
        writes = store(talk, *args)
        with Link(talk.controller._endpoint()) as link:
            for write in writes:
                link.write_words(write.address, write.words, write.registers)
        return writes

    EventTalk._store = hasty


def forget_a_failure(registry):
    """What fails is acknowledged, and not kept."""
    failure = registry["plc.failure"]
    store = failure._store
    failure._store = lambda model, controller, step: store(model, controller, step).unlink() and model


def weigh_twice(registry):
    """Each bag is stored twice, as if it had been weighed twice."""
    weighing = registry["plc.weighing"]
    store = weighing._store

    def twice(model, controller, step):
        event = store(model, controller, step)
        event.copy({"event_slot": 0, "event_key": f"{event.event_key} again", "acknowledged": True})._match()
        return event

    weighing._store = twice


def lose_value(registry):
    """The product is worth less than what went into it."""
    order = registry["mrp.production"]
    price = order._cal_price

    def less(orders, consumed):
        result = price(orders, consumed)
        for move in orders.move_finished_ids.filtered(lambda move: move.state != "done"):
            move.price_unit *= 0.9
        return result

    order._cal_price = less


def take_the_newest_lot(_registry):
    """What is dosed is of the lot that was filled in last."""
    from odoo.addons.plc_mo_batch.models.batch.silo_layers import SiloLayers

    fetch = SiloLayers._fetch

    def turned(layers, *args):
        fetch(layers, *args)
        layers._left = {key: there[::-1] for key, there in layers._left.items()}

    SiloLayers._fetch = turned


def take_it_from_the_store(registry):
    """The silo keeps what was dosed from it."""
    registry["mo.batch.line"]._is_of_a_location = lambda line: False
    registry["mo.batch.line"]._equipment_lot = lambda line: line.lot_id.browse()


OF_ORDERS = {
    "told before stored": (tell_before_it_is_stored, "early"),
    "a kilogram lost": (lose_the_last_bag, "lost"),
    "sent twice": (send_again_by_itself, "doubled"),
    "never closed": (never_book, "stuck"),
}
# by cycle, what is broken: how, and as what it is to be noticed
SABOTAGES = {
    "orders": OF_ORDERS,
    "few": OF_ORDERS,
    "events": {
        "acknowledged before commit": (acknowledge_before_commit, "early"),
        "a failure forgotten": (forget_a_failure, "lost"),
        "a bag counted twice": (weigh_twice, "doubled"),
    },
    "silos": {"another lot": (take_the_newest_lot, "lost"), "from the store": (take_it_from_the_store, "lost")},
    "value": {"value lost": (lose_value, "lost")},  # of either, where Odoo counts it
}
