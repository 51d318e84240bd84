from ...plc.dissect import difference
from ...tools.translate import translate


class RefusalTalk:
    """The part of a :class:`~.plc_task_exchange.Conversation` about what the PLC does not accept.

    What is remembered here is lost with the process; the next exchange finds it again.
    """

    def __init__(self, env, controller_id):
        self.env = env
        self.controller_id = controller_id
        self.is_muted = False  # a write was refused: no other is tried before the next exchange
        self._unshown = {}  # write -> the last the PLC showed in its place, if it is not what was written

    @property
    def controller(self):
        return self.env["plc.controller"].sudo().browse(self.controller_id)

    def digest(self, plan, answer):
        """Store what an answer says about the plan's writes, and about slots that the device does not have."""
        refusal = answer.write_error or (answer.error if answer.error and answer.error.to_write else None)
        if refusal:
            self.is_muted = self.is_muted or not refusal.is_busy
            self.controller._record_write_problem(self._refusal_message(refusal))
        if not answer.seen:
            return
        self._compare(plan, answer)
        if plan.writes and not refusal and not self._unshown:
            self.controller._record_write_problem("")
        self.controller._record_slot_problem(self._slot_message(plan.layout, answer))

    def _refusal_message(self, refusal):
        return self.env._("The PLC can be read, but it does not accept writes. %s", self.controller._link_message(refusal))

    def _slot_message(self, layout, answer):
        if not answer.beyond:
            return ""
        return self.env._(
            "Slots %(first)s to %(last)s of the layout are not served, the others are. %(why)s",
            first=answer.beyond,
            last=layout.slots,
            why=self.controller._link_message(answer.beyond_error),
        )

    # Writes that come back otherwise

    def _compare(self, plan, answer):
        """Whether what was written stands in the recipe area now."""
        for write in {*self._unshown, *plan.writes} - set(answer.unsent):
            found = answer.seen.recipe.get(write.slot)
            if found is None or write.kind not in ("block", "arm"):
                continue
            offset = write.address - plan.layout.address("recipe", write.slot)
            unlike = difference(plan.layout, "recipe", write.words, found, offset)
            self._unshown.pop(write, None)
            if unlike:
                self._unshown[write] = unlike

    def tell(self, write):
        """A write is repeated, as the PLC has had its settle time and shows something else: say what."""
        unlike = self._unshown.get(write)
        if unlike:
            message = self.env._(
                "The PLC does not keep what is written into slot %(slot)s: %(what)s.",
                slot=write.slot,
                what=translate(self.env, unlike.sentence),
            )
            self.controller._record_write_problem(message)
