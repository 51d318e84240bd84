"""Which arrays an OPC UA server has: a short visit that only reads, for a person who looks for the node of an area.

A server's address space may be large, may have loops, and may refuse parts of it. So nodes are looked at from the outside in,
each once, until there are enough of them or the time is over; what was not looked at is told.
"""

import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .sentences import Sentence, _lt
from .wire import NO_ANSWER, Endpoint, LinkError
from .wires.opcua import CONTROLS, NO_RANGES, OpcUaWire, is_node

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
MOST_LENGTH = 0x7FFFFFFF  # that is told; who says more, says nothing
LONGEST_NAME = 200  # letters of a node's name
NO_POINTS = ("BadNoContinuationPoints", "BadContinuationPointInvalid")  # a server keeps few of them
UNREAD = {"BadIndexRangeNoData": _lt("the array is empty"), "BadIndexRangeInvalid": NO_RANGES}
_Found = tuple[Any, str]  # a node, and its path


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


def _plain(text: str) -> str:
    """As far as people can read it."""
    return re.sub(f"[{CONTROLS}]", " ", text)


class _Visit:
    def __init__(self, wire: OpcUaWire, found: Browsed, wanted: str, until: float):
        self.wire = wire
        self.ua = wire.ua
        self.found = found
        self.wanted = wanted
        self.until = until
        self.at_once = AT_ONCE
        self.seen: set[str] = set()
        self.waiting: deque[_Found] = deque()
        self.property = wire.ua.NodeId(PROPERTY)

    def look(self, begin: str) -> None:
        """
        :raise LinkError: if the first node cannot be looked into, or the server does not answer
        """
        if not is_node(begin):
            raise LinkError(
                "setup", _lt('%(node)s does not name a node; expected something like ns=3;s="Mo"."Slots"', node=begin)
            )
        self.seen = {SERVER, begin}
        self.waiting.append((self.wire.node(begin), ""))
        is_first = True
        while self.waiting and not self._is_enough():
            batch, variables = self._next(self.waiting), []
            try:
                for path, reference in self._below(batch, is_first):
                    variables += self._note(path, reference)
            except LinkError as error:
                if is_first:
                    raise
                self._again(error, batch, self.waiting)
            self._keep(deque(variables))
            is_first = False
        self.found.is_cut = self.found.is_cut or bool(self.waiting)

    def _next(self, waiting: deque[_Found]) -> list[_Found]:
        """Those of one request."""
        return [waiting.popleft() for _node in range(min(self.at_once, len(waiting)))]

    def _again(self, error: LinkError, batch: Sequence[_Found], waiting: deque[_Found]) -> None:
        """A server may refuse a whole request because of one node, or of how many they are: from now on each is asked by itself.

        :raise LinkError: if the server is not there any more
        """
        if error.kind not in ("exception", "reply"):
            raise error
        self.wire.close()
        self.wire.open()
        self.at_once = 1
        if len(batch) > 1:
            waiting.extendleft(reversed(batch))
        else:
            self.found.denied += 1

    def _note(self, path: str, reference: Any) -> list[_Found]:
        """Look into this node later, once. It is returned if it is a variable."""
        node = self.ua.NodeId(reference.NodeId.Identifier, reference.NodeId.NamespaceIndex)
        text = node.to_string()
        if text in self.seen or self._is_aside(reference):
            return []
        self.seen.add(text)
        self.found.nodes += 1
        name = _plain(reference.DisplayName.Text or reference.BrowseName.Name or text)[:LONGEST_NAME]
        below = (node, f"{path}/{name}" if path else name)
        self.waiting.append(below)
        return [below] if reference.NodeClass == VARIABLE else []

    def _is_aside(self, reference: Any) -> bool:
        """It leads to another server, or to a property."""
        elsewhere = any(getattr(reference.NodeId, name, None) for name in ("ServerIndex", "NamespaceUri"))
        return elsewhere or reference.ReferenceTypeId == self.property

    def _is_enough(self) -> bool:
        return self.found.nodes >= MOST_NODES or self._is_late()

    def _is_late(self) -> bool:
        return time.monotonic() > self.until

    def _below(self, batch: Sequence[_Found], is_first: bool) -> Iterator[tuple[str, Any]]:
        """(path, reference) of all that is below these nodes, as far as there is time."""
        ua = self.ua
        request = ua.BrowseRequest()
        request.Parameters.RequestedMaxReferencesPerNode = REFERENCES
        request.Parameters.NodesToBrowse = [self._described(node) for node, _path in batch]
        asked = batch
        results = self._whole(self.wire.ask(request).Results, len(batch))
        while results:
            rest, points = [], []
            for found, result in zip(asked, results, strict=True):
                if self.wire.is_bad(result.StatusCode):
                    self._refused(found, result, is_first, len(batch) == 1)
                    continue
                yield from ((found[1], reference) for reference in result.References or ())
                if result.ContinuationPoint:
                    rest.append(found)
                    points.append(result.ContinuationPoint)
            over = self._is_enough()
            self.found.is_cut = self.found.is_cut or bool(rest and over)
            asked, results = rest, self._more(points, over) if rest else []

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

    def _refused(self, found: _Found, result: Any, is_first: bool, is_alone: bool) -> None:
        """A node that cannot be looked into, now or at all.

        :raise LinkError: if nothing is left to be looked at
        """
        if is_first:
            raise self.wire.refusal(result.StatusCode)
        if not is_alone and self.wire.name(result.StatusCode) in NO_POINTS:
            self.at_once = 1
            self.waiting.appendleft(found)
        else:
            self.found.denied += 1

    # What is known of variables

    def _keep(self, variables: deque[_Found]) -> None:
        """Those that are arrays, and asked for."""
        wanted = deque(pair for pair in variables if self.wanted in f"{pair[1]} {pair[0].to_string()}".lower())
        while wanted:
            if self._is_late():
                return  # they wait to be looked into as well, so it is told that there may be more
            batch = self._next(wanted)
            try:
                arrays = self._arrays(batch)
                told = self._measured(arrays[: max(0, MOST_FOUND - len(self.found.variables))])
            except LinkError as error:
                self._again(error, batch, wanted)
                continue
            self.found.arrays += len(arrays)
            self.found.variables += told

    def _arrays(self, pairs: Sequence[_Found]) -> list[Variable]:
        """By what their attributes say; one that says nothing of its shape may be one."""
        ids = self.ua.AttributeIds
        attributes = (ids.ValueRank, ids.ArrayDimensions, ids.UserAccessLevel)
        told = self._values([(node, attribute, "") for node, _path in pairs for attribute in attributes])
        shapes = [told[at : at + 3] for at in range(0, len(told), 3)]
        arrays = [(pair, shape) for pair, shape in zip(pairs, shapes, strict=True) if shape[0] in (None, -3, -2, 0, 1)]
        firsts = self._results([(node, ids.Value, "0") for (node, _path), _shape in arrays])
        return [
            self._variable(node, path, shape, first)
            for ((node, path), shape), first in zip(arrays, firsts, strict=True)
            if shape[0] == 1 or isinstance(self._value(first), list) or shape[0] == 0 and self._is_unread(first)
        ]

    def _variable(self, node: Any, path: str, shape: list[Any], first: Any) -> Variable:
        text = node.to_string()
        access = shape[2] if isinstance(shape[2], int) else READABLE | WRITABLE
        told = shape[1][0] if isinstance(shape[1], list) and len(shape[1]) == 1 else 0
        length = told if isinstance(told, int) and told <= MOST_LENGTH else 0
        kind = first.Value.VariantType.name if first.Value is not None and not self._is_unread(first) else ""
        can_read, can_write = bool(access & READABLE), bool(access & WRITABLE)
        return Variable(path, _plain(text), kind, length, can_read, can_write, self._problem(text, can_read, kind, first))

    def _problem(self, text: str, can_read: bool, kind: str, first: Any) -> Sentence | None:
        if not can_read:
            return _lt("the variable cannot be read")
        if self._is_unread(first):
            status = self.wire.name(first.StatusCode)
            return UNREAD.get(status) or _lt("its values cannot be read (%(status)s)", status=status)
        if kind not in WORD_KINDS:
            return _lt("words need an array of UInt16 or Int16")
        if not isinstance(first.Value.Value, list) or len(first.Value.Value) != 1:
            return NO_RANGES
        return None if is_node(text) else _lt("its identifier is neither a number nor a plain text")

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

    def _values(self, items: list[tuple[Any, Any, str]]) -> list[Any]:
        """What attributes hold; None: it cannot be read."""
        return [self._value(result) for result in self._results(items)]

    def _results(self, items: list[tuple[Any, Any, str]]) -> Any:
        if not items:
            return []
        ua = self.ua
        request = ua.ReadRequest()
        request.Parameters.NodesToRead = [ua.ReadValueId(node, attribute, text or None) for node, attribute, text in items]
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
        return self._whole(self.wire.ask(request).Results, len(items))

    def _value(self, result: Any) -> Any:
        return None if result.Value is None or self._is_unread(result) else result.Value.Value

    def _is_unread(self, result: Any) -> bool:
        return bool(result.StatusCode) and self.wire.is_bad(result.StatusCode)
