"""Everything that can be decided without Odoo, and the wire.

Nothing in this package imports ``odoo``, and no module imports one that stands behind it in this list (``tests/house``):

* ``sentences``: what these layers say to people;
* ``codec``: words <-> values; ``layout``: areas, slots, fields; ``dissect``: a slot field by field, for people;
* ``address``: which addresses a PLC may have; ``wire``: what a wire promises; ``transport``: the one that speaks Modbus, in the
  one file that knows pymodbus; ``wires``: the registry of all of them; ``look``: a visit that only reads;
* ``steps``: what is decided on and what a decision is; ``handshake``: what both handshakes share;
  ``job_numbers``, ``flags``: the decisions of each, as a table; ``reconcile``: observation + batches -> steps;
* ``events``: the same for what a PLC reports beside its batches; ``clock``: what the PLC's clock shows;
* ``exchange``: rounds with many PLCs side by side.
"""
