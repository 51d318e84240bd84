"""Every decision that needs no Odoo, and the wire.

Nothing in this package imports ``odoo``, and each module imports only modules that come before it in this list (``tests/house``):

* ``doses``: what a scale can weigh, and which silo of several doses how much; ``sentences``: texts of these layers for people;
* ``codec``: words <-> values; ``layout``: areas, slots, fields; ``constants``: a layout for a PLC's program;
  ``register_table``: a layout as a table, with addresses as the programmer's tool writes them;
  ``pasted_table``: a table that a person pasted, understood row by row;
  ``dissect``: a slot field by field, for people;
* ``address``: which addresses a PLC may have; ``wire``: what a wire promises; ``trust``: certificates of OPC UA;
  ``transport``: the wire that speaks Modbus, and the only file that knows pymodbus; ``wires``: the registry of all wires;
* ``signature``: what a PLC's signature proves; ``look``: a visit that only reads; ``browse``: which arrays an
  OPC UA server has; ``trial``: what a new PLC is tried with;
* ``curve``: the curve of a dose, for a picture;
* ``steps``: the input and the result of a decision; ``handshake``: what both handshakes share;
  ``job_numbers``, ``flags``: the decisions of each, as a table; ``reconcile``: observation + batches -> steps;
* ``events``: the same for what a PLC reports beside its batches; ``clock``: what the PLC's clock shows;
  ``levels``: what its sensors say lies in the silos;
* ``exchange``: rounds with many PLCs side by side.
"""
