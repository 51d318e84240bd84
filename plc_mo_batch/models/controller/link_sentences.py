"""What is said of each fault of a connection, and what can be done about it."""

from ...plc.wire import BEYOND

LISTED_FROM = 40001


def sentences(env, protocol="modbus"):
    """Kind and cause of a :class:`~...plc.wire.LinkError` -> sentence with ``place``, ``timeout`` and ``detail``.

    A cause that is not here is said as its kind.

    :param protocol: where something else is to be done about it than with Modbus, that is said
    """
    own = OF_PROTOCOL.get(protocol)
    return {**modbus(env), **(own(env) if own else {})}


def modbus(env):
    """All kinds, as they are said with Modbus."""
    return {
        **refusals(env),
        "connect": env._(
            "Cannot reach the PLC at %(place)s. Check that it is switched on and connected to the network, and that the "
            "address and port are right."
        ),
        "connect name": env._(
            "Cannot reach the PLC at %(place)s: no name server knows this name (%(detail)s). Check its spelling, or enter the IP "
            "address."
        ),
        "connect refused": env._(
            "Cannot reach the PLC at %(place)s: it refuses the connection. Check the port, and that its Modbus server is "
            "switched on. Another program may hold its only connection."
        ),
        "timeout": env._(
            "The PLC at %(place)s did not answer within %(timeout)s s. Check the unit ID. Another program may hold its only "
            "connection, or it needs a pause after connecting."
        ),
        "timeout later": env._(
            "The PLC at %(place)s answered first, and then did not answer within %(timeout)s s. It may need a pause "
            "between requests."
        ),
        "reset": env._(
            "The PLC at %(place)s closed the connection without an answer. Another program may hold its only connection, or it "
            "needs a pause after connecting."
        ),
        "reset later": env._(
            "The PLC at %(place)s answered, and then closed the connection. It may need a new connection for each request."
        ),
        "reply": env._(
            "The PLC at %(place)s sent an answer that does not match the request: %(detail)s. Check that nothing else answers "
            "there, and that no gateway mixes up its clients."
        ),
        "reply unit": env._(
            "The PLC at %(place)s sent an answer that does not match the request: %(detail)s. Enter that unit ID, or accept any."
        ),
        "reply no_transaction": env._(
            "The PLC at %(place)s sent an answer that does not match the request: %(detail)s. If it always does so, accept "
            "transaction ID 0."
        ),
        "tls": env._("No secure connection to the PLC at %(place)s: %(detail)s. Check the port, certificates and server name."),
        "setup": env._("Cannot connect to the PLC at %(place)s: %(detail)s."),
        "busy": env._("The line to %(place)s is busy with other PLCs."),
    }


def _exceptions(refused, advice):
    """By ``exception`` and cause: that the device refused, and what helps."""
    return {f"exception {cause}".strip(): f"{refused} {sentence}" for cause, sentence in advice.items()}


def refusals(env):
    """The same of an exception that the device answers with: what was refused, and what its number means."""
    refused = env._("The PLC at %(place)s refused the request with exception %(detail)s.")
    advice = {
        "": env._("Check the unit ID and the gateway."),
        "1": env._("It does not support the function. Odoo reads with 3 (or 4) and writes with 16."),
        "2": env._("It does not have this address. Check the layout and its address offset."),
        "3": env._("It may take fewer registers in one request. Compare with its manual, and enter its limits."),
        "4": env._("The fault is in the device: it may be in local mode or stopped, or its memory protected."),
        "5": env._("It is still working on an earlier request, and is asked again."),
        "6": env._("It is busy, and is asked again."),
    }
    return _exceptions(refused, advice)


def fins(env):
    """What is said otherwise with FINS."""
    refused = env._("The PLC at %(place)s refused the request with end code %(detail)s.")
    advice = {
        "": env._("Look the code up in the manual of its FINS commands."),
        "1": env._("It does not support the command. Odoo reads with 0101 and writes with 0102."),
        "2": env._("The memory ends before it. Check the layout and its address offset."),
        "3": env._("It may take fewer words in one request. Compare with its manual, and enter its limits."),
        "6": env._("It is busy, and is asked again."),
        "memory": env._("It does not have this memory, or not this bank of E. Check the areas of the layout."),
        "node": env._("The node is not known. Check both nodes, and the unit."),
        "route": env._(
            "The way to it is not known. Check its network and node, and the routing tables of the gateway and of the PLC."
        ),
        "protected": env._("Its memory is protected: switch off the write protection against FINS, or allow Odoo."),
        "mode": env._("It does not do this in its present mode. Check whether it is in the mode RUN or MONITOR."),
    }
    nodes = env._("Check both nodes: most PLCs expect the last numbers of the IP addresses.")
    silent = env._("The PLC at %(place)s did not answer within %(timeout)s s.")
    unlike = env._("The PLC at %(place)s sent an answer that does not match the request: %(detail)s.")
    return {
        "connect refused": env._(
            "Cannot reach the PLC at %(place)s: it refuses the connection. Check the port, and that FINS over this transport is "
            "switched on. Another program may hold its last connection."
        ),
        "connect nodes": env._(
            "The PLC at %(place)s refused the connection of FINS: %(detail)s. Close other connections, and check in its settings "
            "which addresses and nodes it lets in."
        ),
        "timeout": f"{silent} " + env._("Check that it is switched on, its address and port.") + f" {nodes}",
        "reply node": f"{unlike} {nodes}",
        "reset": env._("The PLC at %(place)s closed the connection without an answer. All its connections may be in use."),
        **_exceptions(refused, advice),
    }


def s7(env):
    """What is said otherwise with S7."""
    refused = env._("The PLC at %(place)s refused the request with code %(detail)s.")
    advice = {
        "": env._("Look at the diagnostic buffer of the CPU."),
        "2": env._("The data block ends before it. Check its length, the layout and its address offset."),
        "3": env._("It takes smaller PDUs than the layout needs."),
        "access": env._(
            "Permit access with PUT/GET communication, in the protection settings of the CPU, and check its access level."
        ),
        "block": env._(
            "It has no such data block, or its optimized access is on: switch that off, in the attributes of the block."
        ),
    }
    return {
        "setup pdu": env._(
            "Cannot read or write a slot of the PLC at %(place)s in one request: %(detail)s. Choose a layout with fewer "
            "components, or a CPU with larger PDUs."
        ),
        "connect refused": env._(
            "Cannot reach the PLC at %(place)s: it refuses the connection. Check the address and port, mostly 102."
        ),
        "connect rack": env._(
            "The PLC at %(place)s does not accept a connection of S7. Check rack and slot: 0 and 1 with a 1200 or 1500, 0 and 2 "
            "with a 300. All its connections may be in use."
        ),
        "timeout": env._(
            "The PLC at %(place)s did not answer within %(timeout)s s. Check that it is switched on, its address and port."
        ),
        "reset": env._("The PLC at %(place)s closed the connection without an answer. All its connections may be in use."),
        **_exceptions(refused, advice),
    }


def opcua(env):
    """What is said otherwise with OPC UA."""
    refused = env._("The PLC at %(place)s refused the request with status %(detail)s.")
    unlike = env._("The PLC at %(place)s sent an answer that does not match the request: %(detail)s.")
    insecure = env._("No secure connection to the PLC at %(place)s: %(detail)s.")
    advice = {
        "": env._("Look the status up in the manual of its server."),
        "2": env._("The array ends before it. Check its length, the layout and its address offset."),
        "node": env._("It has no such node: Find Arrays lists those that there are. The number of a namespace may have changed."),
        "range": env._("It does not take a part of an array (IndexRange), as Odoo reads and writes them."),
        "access": env._("Allow the user to read and to write the variable, in the server and at the variable."),
        "type": env._("The array must have elements of type UInt16 or Int16."),
        "quality": env._("The server does not reach the memory of the PLC, or the PLC is stopped: check both."),
        "uncertain": env._("It is not sure of its values, so they are not believed. Check how it reaches the PLC."),
    }
    return {
        "connect refused": env._(
            "Cannot reach the PLC at %(place)s: it refuses the connection. Check the port, mostly 4840, and that its OPC UA "
            "server is switched on."
        ),
        "connect sessions": env._("The PLC at %(place)s has no session left for Odoo (%(detail)s). Close others, or allow more."),
        "connect status": env._(
            "The PLC at %(place)s does not accept a session of OPC UA: %(detail)s. Look the status up in the manual of its "
            "server."
        ),
        "setup array": env._(
            "Cannot use the variable of the PLC at %(place)s: %(detail)s. Let the PLC's programmer declare an array for it, or "
            "choose another variable in the area of the layout."
        ),
        "timeout": env._(
            "The PLC at %(place)s did not answer within %(timeout)s s. Check that it is switched on, its address and port."
        ),
        "reset": env._("The PLC at %(place)s closed the connection without an answer. All its connections may be in use."),
        "reply stale": f"{unlike} " + env._("Check how the server reaches the PLC, and the oldest value that Odoo believes."),
        "tls user": f"{insecure} " + env._("Check user name and password, and whether it lets anonymous users in."),
        "tls policy": f"{insecure} " + env._("Check which security its server has switched on."),
        "tls refused": f"{insecure} " + env._("Let its server trust the certificate of Odoo, and check both clocks."),
        **_exceptions(refused, advice),
    }


OF_PROTOCOL = {"fins": fins, "s7": s7, "opcua": opcua}


def is_from_40001(error):
    """The address that the device does not have looks as lists of holding registers write it: 40001 and up."""
    return error.kind == "exception" and error.cause == BEYOND and error.address >= LISTED_FROM
