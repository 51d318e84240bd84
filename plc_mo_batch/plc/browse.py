"""Which arrays an OPC UA server has: a short visit that only reads, for a person who looks for the node of an area.

A server's address space may be large, may have loops, and may refuse parts of it. So nodes are looked at from the outside in,
each once, until there are enough of them or the time is over; what was not looked at is told.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .sentences import Sentence, _lt
from .wire import NO_ANSWER, Endpoint, LinkError
from .wires.opcua import NO_RANGES, NODE_ID, OpcUaWire, is_node

MOST_NODES = 5000  # that are found
MOST_FOUND = 200  # arrays that are told
AT_ONCE = 10  # nodes of one request; a small server takes few
REFERENCES = 200  # of one node in one answer
OBJECTS, SERVER = "i=85", "i=2253"  # where everything begins; what a server says of itself
HIERARCHY, PROPERTY = 33, 46  # types of references
OBJECT, VARIABLE = 1, 2  # classes of nodes
READABLE, WRITABLE = 1, 2  # bits of UserAccessLevel
WORD_KINDS = ("UInt16", "Int16")
LONGEST = 65536  # words that an area reaches


@dataclass(frozen=True)
class Variable:
    """An array.

    :param path: the names from the folder of objects on
    :param node: its identifier, as an area of a layout takes it
    :param kind: of its elements; "": the server does not tell
    :param length: 0: the server does not tell
    :param problem: why it cannot be an area; None: it can
    """

    path: str
    node: str
    kind: str
    length: int
    can_read: bool
    can_write: bool
    problem: Sentence | None = None


@dataclass
class Browsed:
    """What a visit has found.

    :ivar nodes: so many were found
    :ivar denied: so many of them let nobody look into them
    :ivar is_cut: there may be more
    :ivar arrays: so many of them are arrays that were asked for, though no more than :data:`MOST_FOUND` are in ``variables``
    """

    variables: list[Variable] = field(default_factory=list)
    nodes: int = 0
    denied: int = 0
    is_cut: bool = False
    arrays: int = 0
    error: LinkError | None = None


def browse(endpoint: Endpoint, wanted: str = "", begin: str = "", seconds: float = 10.0) -> Browsed:
    """The arrays of a server, those that can be areas first.

    :param wanted: only those in whose path or node this is found, in whichever case; empty: all
    :param begin: the node of the folder to begin at; empty: the folder of all objects
    :param seconds: the end of the visit, beside the last answer
    """
    found = Browsed()
    try:
        wire = OpcUaWire(endpoint, endpoint.timeout)
        wire.open()
        try:
            _Visit(wire, found, wanted.strip().lower(), time.monotonic() + seconds).look(begin.strip() or OBJECTS)
        finally:
            wire.close()
    except LinkError as error:
        found.error = error
    except (AttributeError, IndexError, TypeError, ValueError):  # an answer has parts that no answer has
        found.error = LinkError("reply", NO_ANSWER)
    found.variables.sort(key=lambda variable: (variable.problem is not None, variable.path, variable.node))
    return found


class _Visit:
    def __init__(self, wire: OpcUaWire, found: Browsed, wanted: str, until: float):
        self.wire = wire
        self.ua = wire.ua
        self.found = found
        self.wanted = wanted
        self.until = until
        self.property = wire.ua.NodeId(PROPERTY)

    def look(self, begin: str) -> None:
        """
        :raise LinkError: if the first node cannot be looked into, or the server does not answer
        """
        if not is_node(begin):
            raise LinkError(
                "setup", _lt('%(node)s does not name a node; expected something like ns=3;s="Mo"."Slots"', node=begin)
            )
        seen, waiting = {SERVER, begin}, deque([(self.wire.node(begin), "")])
        while waiting and not self._is_enough():
            batch = [waiting.popleft() for _node in range(min(AT_ONCE, len(waiting)))]
            variables = []
            for path, reference in self._below(batch, is_first=len(seen) == 2):
                node = self.ua.NodeId(reference.NodeId.Identifier, reference.NodeId.NamespaceIndex)
                text = node.to_string()
                if text in seen or self._is_aside(reference):
                    continue
                seen.add(text)
                self.found.nodes += 1
                name = reference.DisplayName.Text or reference.BrowseName.Name or text
                below = (node, f"{path}/{name}" if path else name)
                waiting.append(below)
                if reference.NodeClass == VARIABLE:
                    variables.append(below)
            self._keep(variables)
        self.found.is_cut = self.found.is_cut or bool(waiting)

    def _is_aside(self, reference: Any) -> bool:
        """It leads to another server, or to a property."""
        elsewhere = any(getattr(reference.NodeId, name, None) for name in ("ServerIndex", "NamespaceUri"))
        return elsewhere or reference.ReferenceTypeId == self.property

    def _is_enough(self) -> bool:
        return self.found.nodes >= MOST_NODES or self._is_late()

    def _is_late(self) -> bool:
        return time.monotonic() > self.until

    def _below(self, batch: Sequence[tuple[Any, str]], is_first: bool) -> Iterator[tuple[str, Any]]:
        """(path, reference) of all that is below these nodes, as far as there is time."""
        ua = self.ua
        request = ua.BrowseRequest()
        request.Parameters.RequestedMaxReferencesPerNode = REFERENCES
        request.Parameters.NodesToBrowse = [self._described(node) for node, _path in batch]
        paths = [path for _node, path in batch]
        results = self._whole(self.wire.ask(request).Results, len(batch))
        while results:
            rest = []
            for path, result in zip(paths, results, strict=True):
                if self.wire.is_bad(result.StatusCode):
                    self._refused(result, is_first)
                    continue
                yield from ((path, reference) for reference in result.References or ())
                if result.ContinuationPoint:
                    rest.append((path, result.ContinuationPoint))
            paths = [path for path, _point in rest]
            over = self._is_enough()
            self.found.is_cut = self.found.is_cut or bool(rest and over)
            results = self._more([point for _path, point in rest], over) if rest else []

    def _described(self, node: Any) -> Any:
        ua = self.ua
        asked = ua.BrowseDescription()
        asked.NodeId = node
        asked.BrowseDirection = ua.BrowseDirection.Forward
        asked.ReferenceTypeId, asked.IncludeSubtypes = ua.NodeId(HIERARCHY), True
        asked.NodeClassMask, asked.ResultMask = OBJECT | VARIABLE, ua.BrowseResultMask.All
        return asked

    def _more(self, points: list[bytes], over: bool) -> Any:
        """What comes after these points; a server keeps few of them, and is told which are let go."""
        request = self.ua.BrowseNextRequest()
        request.Parameters.ContinuationPoints = points
        request.Parameters.ReleaseContinuationPoints = over
        answer = self.wire.ask(request)
        return [] if over else self._whole(answer.Parameters.Results, len(points))

    def _whole(self, results: Any, count: int) -> Any:
        if len(results) != count:
            raise LinkError("reply", NO_ANSWER)
        return results

    def _refused(self, result: Any, is_first: bool) -> None:
        """
        :raise LinkError: if nothing is left to be looked at
        """
        if is_first:
            raise self.wire.refusal(result.StatusCode)
        self.found.denied += 1

    # What is known of variables

    def _keep(self, variables: list[tuple[Any, str]]) -> None:
        """Those that are arrays, and asked for."""
        wanted = [pair for pair in variables if self.wanted in f"{pair[1]} {pair[0].to_string()}".lower()]
        for begin in range(0, len(wanted), AT_ONCE):
            if self._is_late():
                self.found.is_cut = True
                return
            arrays = self._arrays(wanted[begin : begin + AT_ONCE])
            self.found.arrays += len(arrays)
            room = MOST_FOUND - len(self.found.variables)
            self.found.variables += self._measured(arrays[: max(0, room)])

    def _arrays(self, pairs: list[tuple[Any, str]]) -> list[Variable]:
        """By what their attributes say; one that says nothing of its shape may be one."""
        ids = self.ua.AttributeIds
        attributes = (ids.ValueRank, ids.ArrayDimensions, ids.UserAccessLevel)
        told = self._values([(node, attribute, "") for node, _path in pairs for attribute in attributes])
        shapes = [told[at : at + 3] for at in range(0, len(told), 3)]
        arrays = [(pair, shape) for pair, shape in zip(pairs, shapes, strict=True) if shape[0] in (None, -3, -2, 0, 1)]
        firsts = self._values([(node, ids.Value, "0") for (node, _path), _shape in arrays], whole=True)
        return [
            self._variable(node, path, shape, first)
            for ((node, path), shape), first in zip(arrays, firsts, strict=True)
            if shape[0] == 1 or first is not None and isinstance(first.Value, list)
        ]

    def _variable(self, node: Any, path: str, shape: list[Any], first: Any) -> Variable:
        text = node.to_string()
        access = shape[2] if isinstance(shape[2], int) else READABLE | WRITABLE
        length = shape[1][0] if isinstance(shape[1], list) and len(shape[1]) == 1 else 0
        kind = first.VariantType.name if first is not None else ""
        can_read, can_write = bool(access & READABLE), bool(access & WRITABLE)
        return Variable(path, text, kind, length, can_read, can_write, self._problem(text, can_read, kind, first))

    def _problem(self, text: str, can_read: bool, kind: str, first: Any) -> Sentence | None:
        if not can_read:
            return _lt("the variable cannot be read")
        if kind not in WORD_KINDS:
            return _lt("words need an array of UInt16 or Int16")
        if not isinstance(first.Value, list) or len(first.Value) != 1:
            return NO_RANGES
        return None if NODE_ID.fullmatch(text) else _lt("its identifier is neither a number nor a text")

    def _measured(self, variables: list[Variable]) -> list[Variable]:
        """The same; how long those are that do not tell is tried: by halves, all of them at once."""
        ids, ends = self.ua.AttributeIds, {}
        for variable in variables:
            if not variable.length and not variable.problem:
                ends[variable.node] = (0, LONGEST)
        while any(high - low > 1 for low, high in ends.values()) and not self._is_late():
            middles = {node: (low + high) // 2 for node, (low, high) in ends.items()}
            there = self._values([(self.wire.node(node), ids.Value, str(middle)) for node, middle in middles.items()])
            for (node, middle), value in zip(middles.items(), there, strict=True):
                low, high = ends[node]
                ends[node] = (middle, high) if value else (low, middle)
        lengths = {node: high for node, (low, high) in ends.items() if high - low == 1}
        return [replace(variable, length=lengths.get(variable.node, variable.length)) for variable in variables]

    def _values(self, items: list[tuple[Any, Any, str]], whole: bool = False) -> list[Any]:
        """What attributes hold; None: it cannot be read.

        :param whole: the variants, with their types
        """
        if not items:
            return []
        ua = self.ua
        request = ua.ReadRequest()
        request.Parameters.NodesToRead = [ua.ReadValueId(node, attribute, text or None) for node, attribute, text in items]
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
        results = self._whole(self.wire.ask(request).Results, len(items))
        return [self._value(result, whole) for result in results]

    def _value(self, result: Any, whole: bool) -> Any:
        if result.StatusCode and self.wire.is_bad(result.StatusCode) or result.Value is None or result.Value.Value is None:
            return None
        return result.Value if whole else result.Value.Value
