"""Looking for the node of an area: in front of the simulator, of servers of others, and of servers that are bad."""

import itertools
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import tagged

from ...plc import browse as browsing
from ...plc.browse import Browsed, Variable, browse
from ...plc.wire import NO_ANSWER, Endpoint, Login, Tls
from ...plc.wires.opcua import NO_RANGES, is_node
from ...simulator import opcua as simulated
from .. import fault_proxy as fault
from ..patience import SURE
from ..peers import need_node
from ..wires import Authority
from .test_opcua import OpcUaCase, Peer

WORDS = Variable("MoBatch.Words", "ns=2;s=MoBatch.Words", "UInt16", 65536, True, True)


class Space:
    """An address space in place of the simulator's: ``below(node)`` gives the names of folders below the one that is named so; an
    array has the simulator's name. ``most``: references in one answer."""

    def __init__(self, front, below, most=1000, denied=()):
        self.front, self.ua = front, front.ua
        self.below, self.most, self.denied = below, most, denied
        self.rests = {}
        self.asked = []
        self.released = 0

    def browse(self, node):
        self.asked.append(node.Identifier)
        if node.Identifier in self.denied:
            return self.ua.BrowseResult(StatusCode=self.ua.StatusCode("BadUserAccessDenied"))
        return self.told([self.reference(name) for name in self.below(node.Identifier)])

    def told(self, references):
        result = self.ua.BrowseResult()
        result.References, rest = references[: self.most], references[self.most :]
        if rest:
            result.ContinuationPoint = str(len(self.rests)).encode()
            self.rests[result.ContinuationPoint] = rest
        return result

    def more(self, talk, request):
        response = self.ua.BrowseNextResponse()
        asked = request.Parameters
        self.released += asked.ReleaseContinuationPoints * len(asked.ContinuationPoints)
        rests = [self.rests.pop(point) for point in asked.ContinuationPoints]
        response.Parameters.Results = [] if asked.ReleaseContinuationPoints else [self.told(rest) for rest in rests]
        return response

    def reference(self, name):
        ua = self.ua
        found = ua.ReferenceDescription()
        found.ReferenceTypeId, found.IsForward = ua.NodeId(ua.ObjectIds.Organizes), True
        found.NodeId = ua.ExpandedNodeId(name, simulated.NAMESPACE)
        found.BrowseName, found.DisplayName = ua.QualifiedName(name, simulated.NAMESPACE), ua.LocalizedText(name)
        found.NodeClass = ua.NodeClass.Variable if name == simulated.NAME else ua.NodeClass.Object
        return found


class BrowseCase(OpcUaCase):
    @contextmanager
    def space(self, below, **values):
        space = Space(self.plc.front, below, **values)
        more = patch.object(simulated._Talk, "_BrowseNext", lambda talk, request: space.more(talk, request), create=True)
        with patch.object(self.plc.front, "browse", space.browse), more:
            yield space

    @contextmanager
    def arrays(self, names):
        """Variables below the folder of all objects; each is the simulator's."""
        front, genuine = self.plc.front, Space.reference

        def reference(space, name):
            found = genuine(space, name)
            found.NodeClass = space.ua.NodeClass.Variable
            return found

        def shown(item):
            item.NodeId = front.ua.NodeId(simulated.NAME, simulated.NAMESPACE)
            return attribute(item)

        attribute = front._attribute
        with patch.object(Space, "reference", reference), patch.object(front, "_attribute", shown):
            with self.space(lambda name: names if name == 85 else ()):
                yield

    def property_of(self, genuine):
        def reference(space, name):
            found = genuine(space, name)
            found.ReferenceTypeId = space.ua.NodeId(space.ua.ObjectIds.HasProperty)
            return found

        return reference

    def look(self, wanted="", begin="", seconds=SURE):
        return browse(self.endpoint(), wanted, begin, seconds)


@tagged("post_install", "-at_install")
class TestBrowse(BrowseCase):
    def test_the_simulator_s(self):
        self.assertEqual(self.look(), Browsed([WORDS], nodes=1, arrays=1))
        self.assertTrue(self.proxy.wait_until_closed())
        self.assertEqual(self.plc.mill.memory[7000:7010], list(range(1, 11)), "nothing is written")

    def test_what_is_asked_for(self):
        for wanted in ("words", " MOBATCH", "ns=2;s=mo"):
            self.assertEqual(self.look(wanted).arrays, 1)
        self.assertEqual(self.look("recipe"), Browsed(nodes=1))

    def test_paths(self):
        tree = {85: ["Plant"], "Plant": ["Mill", "Empty"], "Mill": [simulated.NAME]}
        with self.space(lambda name: tree.get(name, ())):
            self.assertEqual([variable.path for variable in self.look().variables], ["Plant/Mill/MoBatch.Words"])
            self.assertEqual(self.look(begin="ns=2;s=Mill").variables, [WORDS])
            self.assertEqual(self.look("plant/mill").arrays, 1)

    def test_what_the_server_says_of_it(self):
        for values, expected in (
            ({"kind": "Int16"}, {"kind": "Int16"}),
            ({"kind": "Float"}, {"kind": "Float", "problem": "words need an array of UInt16 or Int16"}),
            ({"size": 1000}, {"length": 1000}),
            ({"ranges": False, "size": 7}, {"length": 7, "problem": NO_RANGES}),
        ):
            with self.subTest(values), patch.multiple(self.plc.front, **values):
                self.assertEqual(self.look().variables, [replace(WORDS, **expected)])

    def attributes(self, **told):
        """The simulator's variable has these, and nothing else in their places; None: it does not tell."""
        front, ids = self.plc.front, self.plc.front.ua.AttributeIds
        genuine = front._attribute

        def attribute(item):
            name = ids(item.AttributeId).name
            if name not in told:
                return genuine(item)
            if told[name] is None:
                raise simulated._Refused(simulated.NO_ATTRIBUTE)
            return front.ua.DataValue(front.ua.Variant(*told[name]))

        return patch.object(front, "_attribute", attribute)

    def test_access(self):
        byte = self.plc.front.ua.VariantType.Byte
        for access, expected in (
            (3, {}),
            (1, {"can_write": False}),
            (2, {"can_read": False, "problem": "the variable cannot be read"}),
            (0, {"can_read": False, "can_write": False, "problem": "the variable cannot be read"}),
        ):
            with self.attributes(UserAccessLevel=(access, byte)):
                self.assertEqual(self.look().variables, [replace(WORDS, **expected)])

    def test_it_does_not_say_how_long_it_is(self):
        for size in (1, 2, 1000, 32768, 65535, 65536):
            with self.subTest(size), self.attributes(ArrayDimensions=None), patch.object(self.plc.front, "size", size):
                self.assertEqual(self.look().variables, [replace(WORDS, length=size)])

    def test_lengths_that_are_none(self):
        kinds = self.plc.front.ua.VariantType
        for told in (
            ([0xFFFFFFFF], kinds.UInt32),
            ([0], kinds.UInt32),
            ([], kinds.UInt32),
            (["x"], kinds.String),
            (7, kinds.UInt32),
        ):
            with self.subTest(told), self.attributes(ArrayDimensions=told):
                self.assertEqual(self.look().variables, [WORDS])
        with self.attributes(ArrayDimensions=([0x7FFFFFFF], kinds.UInt32)):
            self.assertEqual(self.look().variables, [replace(WORDS, length=0x7FFFFFFF)])

    def test_values_that_are_not_there(self):
        """It is an array all the same, and why it shows nothing is told: the PLC may just be stopped."""
        front, int32 = self.plc.front, self.plc.front.ua.VariantType.Int32
        for status, problem in (
            ("BadNoCommunication", "its values cannot be read (BadNoCommunication)"),
            ("BadUserAccessDenied", "its values cannot be read (BadUserAccessDenied)"),
            ("UncertainLastUsableValue", "its values cannot be read (UncertainLastUsableValue)"),
            ("BadIndexRangeNoData", "the array is empty"),
            ("BadIndexRangeInvalid", NO_RANGES),
        ):
            for rank, is_array in ((1, True), (0, True), (-1, False), (-2, False), (2, False)):
                with (
                    self.subTest(status, rank=rank),
                    patch.object(front, "status", status),
                    self.attributes(ValueRank=(rank, int32)),
                ):
                    found = self.look()
                    expected = [replace(WORDS, kind="", problem=problem)] if is_array else []
                    self.assertEqual((found.variables, found.error), (expected, None))

    def test_no_value(self):
        with self.attributes(Value=(None, self.plc.front.ua.VariantType.Null)):
            [found] = self.look().variables
        self.assertEqual((found.kind, found.problem), ("Null", "words need an array of UInt16 or Int16"))

    def test_it_does_not_say_whether_it_is_an_array(self):
        int32 = self.plc.front.ua.VariantType.Int32
        for rank in (None, (-3, int32), (-2, int32), (0, int32), (1, int32)):
            with self.attributes(ValueRank=rank):
                self.assertEqual(self.look().variables, [WORDS])
        for rank in (-1, 2):
            with self.attributes(ValueRank=(rank, int32)):
                self.assertEqual(self.look().arrays, 0)
        for kind, value in (("String", "words"), ("UInt16", 7)):
            with self.attributes(ValueRank=None, Value=(value, self.plc.front.ua.VariantType[kind])):
                self.assertEqual(self.look().arrays, 0)

    def test_those_that_can_be_areas_come_first(self):
        """Whatever they are called."""
        front, genuine = self.plc.front, self.plc.front._attribute

        def attribute(item):
            is_value = item.AttributeId == front.ua.AttributeIds.Value
            item.NodeId, name = front.ua.NodeId(simulated.NAME, simulated.NAMESPACE), item.NodeId.Identifier
            if is_value and name in ("a", "c"):
                return front.ua.DataValue(front.ua.Variant([1.0], front.ua.VariantType.Float))
            return genuine(item)

        with self.arrays(["c", "d", "a", "b"]), patch.object(front, "_attribute", attribute):
            self.assertEqual([variable.path for variable in self.look().variables], ["b", "d", "a", "c"])

    def test_names_by_what_there_is(self):
        ua = self.plc.front.ua
        for shown, browsed, path in (("D", "B", "D"), ("D", "", "D"), ("", "B", "B"), ("", "", "ns=2;s=MoBatch.Words")):

            def reference(space, name, shown=shown, browsed=browsed, genuine=Space.reference):
                found = genuine(space, name)
                found.DisplayName, found.BrowseName = ua.LocalizedText(shown), ua.QualifiedName(browsed, 2)
                return found

            with self.subTest(path), patch.object(Space, "reference", reference):
                with self.space(lambda name: [simulated.NAME] if name == 85 else ()):
                    self.assertEqual([variable.path for variable in self.look().variables], [path])

    def test_what_leads_to_another_server(self):
        """Nobody follows it: Odoo talks to the address that was entered."""
        for name, value in (("ServerIndex", 3), ("NamespaceUri", "urn:other")):

            def reference(space, node, name=name, value=value, genuine=Space.reference):
                found = genuine(space, node)
                found.NodeId = replace(found.NodeId, **{name: value})
                return found

            with self.subTest(name), patch.object(Space, "reference", reference):
                with self.space(lambda name: [simulated.NAME] if name == 85 else ()) as space:
                    self.assertEqual(self.look(), Browsed())
                    self.assertEqual(space.asked, [85])

    def test_what_is_asked(self):
        """Objects and variables, below what holds them; of variables alone what they hold."""
        asked, read = [], []

        def browsed(talk, request):
            asked.extend(request.Parameters.NodesToBrowse)
            return browse_genuine(talk, request)

        def reading(talk, request):
            read.extend(item.NodeId.Identifier for item in request.Parameters.NodesToRead)
            return read_genuine(talk, request)

        browse_genuine, read_genuine = simulated._Talk._Browse, simulated._Talk._Read
        with patch.multiple(simulated._Talk, _Browse=browsed, _Read=reading):
            with self.space(lambda name: ["folder", simulated.NAME] if name == 85 else ()):
                self.assertEqual(self.look().arrays, 1)
        self.assertEqual({(item.NodeClassMask, item.ResultMask, item.IncludeSubtypes) for item in asked}, {(3, 63, True)})
        self.assertEqual(set(read), {simulated.NAME})

    def test_properties_are_passed_over(self):
        with patch.object(Space, "reference", self.property_of(Space.reference)), self.space(lambda _name: [simulated.NAME]):
            self.assertEqual(self.look(), Browsed())


@tagged("post_install", "-at_install")
class TestBadServers(BrowseCase):
    def test_loops(self):
        """Each node is looked into once."""
        with self.space(lambda name: ["a", "b", simulated.NAME] if name != "b" else ["a", "b"]) as space:
            found = self.look()
            self.assertEqual((found.nodes, found.arrays, found.is_cut), (3, 1, False))
            self.assertCountEqual(space.asked, [85, "a", "b", simulated.NAME])

    def test_no_end(self):
        with self.space(lambda name: [f"{name}{number}" for number in range(10)]), patch.object(browsing, "MOST_NODES", 100):
            found = self.look()
        self.assertEqual((found.arrays, found.is_cut, found.error), (0, True, None))
        self.assertLessEqual(found.nodes, 100 + 10 * browsing.AT_ONCE)

    def test_a_folder_without_end(self):
        """It comes in parts; what is not asked for any more is let go, as a server keeps few of them."""
        names = [f"n{number}" for number in range(1000)]
        with self.space(lambda name: names if name == 85 else (), most=50) as space:
            self.assertEqual((self.look().nodes, space.released, space.rests), (1000, 0, {}))
            with patch.object(browsing, "MOST_NODES", 200):
                found = self.look()
            self.assertEqual((found.nodes, found.is_cut, space.released, space.rests), (200, True, 1, {}))
            self.assertEqual(found.denied, 0)

    def test_no_time(self):
        names = [f"n{number}" for number in range(1000)]
        with self.space(lambda _name: names, most=50) as space, self.clock():
            found = browse(self.endpoint(), seconds=3)
        self.assertEqual((found.is_cut, found.error, space.released, space.rests), (True, None, 1, {}))

    def test_how_long_it_takes(self):
        """Ten seconds, unless something else is said."""

        def nodes(**values):
            with self.space(lambda name: [f"{name}."]), self.clock():
                return browse(self.endpoint(), **values).nodes

        self.assertEqual([nodes(seconds=seconds) for seconds in (8, 9, 10, 11)], [4, 5, 5, 6], "it looks twice for a node")
        self.assertEqual(nodes(), 5)

    def test_what_was_left_of_a_folder(self):
        """There may be more, though nothing that came is to be looked into."""
        names = [f"n{number}" for number in range(100)]
        with patch.object(Space, "reference", self.property_of(Space.reference)):
            for most, is_cut in ((50, True), (100, False)):
                with self.subTest(most), self.space(lambda name: names if name == 85 else (), most=most), self.clock():
                    self.assertEqual(browse(self.endpoint(), seconds=1), Browsed(is_cut=is_cut))

    def clock(self):
        """A second passes with each look at it."""
        return patch.object(browsing, "time", SimpleNamespace(monotonic=itertools.count().__next__))

    def test_no_array(self):
        with self.space(lambda name: ["Plant"] if name == 85 else ()):
            self.assertEqual(self.look(), Browsed(nodes=1))

    def test_access_denied(self):
        with self.space(lambda name: ["a", "b"] if name == 85 else [simulated.NAME], denied=["a"]):
            found = self.look()
            self.assertEqual((found.denied, found.arrays, found.error), (1, 1, None))
        with self.space(lambda _name: (), denied=[85]):
            error = self.look().error
            self.assertEqual((error.kind, error.cause, error.detail), ("exception", "access", "BadUserAccessDenied"))

    def test_a_node_that_it_does_not_have(self):
        self.assertEqual(self.look(begin="nsu=urn:other;s=x").error.kind, "setup")
        told = 'Plant does not name a node; expected something like ns=3;s="Mo"."Slots"'
        self.assertEqual(self.look(begin="Plant").error.detail, told)

    def test_many_arrays(self):
        """Not all of them are told."""
        names = [f"v{number}" for number in range(45)]
        with self.arrays(names), patch.object(browsing, "MOST_FOUND", 25):
            found = self.look()
            self.assertEqual((found.arrays, len(found.variables), found.is_cut), (45, 25, False))
            self.assertEqual(self.look("v1").arrays, 11)
        with self.arrays(names), self.clock():
            found = browse(self.endpoint(), seconds=4)
        self.assertTrue(found.is_cut and found.arrays < 30)

    def test_few_continuation_points(self):
        """A server that keeps one: the others are asked for again, each by itself; nothing is lost."""
        tree = {85: ["a", "b", "c"], "a": ["a1", "a2"], "b": ["b1", "b2"], "c": ["c1", "c2", simulated.NAME]}

        def told(space, references):
            result = genuine(space, references)
            if len(space.rests) > 1:
                space.rests.pop(result.ContinuationPoint)
                return space.ua.BrowseResult(StatusCode=space.ua.StatusCode("BadNoContinuationPoints"))
            return result

        genuine = Space.told
        with patch.object(Space, "told", told), self.space(lambda name: tree.get(name, ()), most=1) as space:
            found = self.look()
        self.assertEqual((found.nodes, found.arrays, found.denied, found.error), (10, 1, 0, None))
        self.assertEqual(space.rests, {})
        with patch.object(Space, "browse", lambda space, node: self.without_points(space, node, tree)):
            with self.space(lambda name: tree.get(name, ())):
                self.assertEqual(self.look(), Browsed(nodes=3, denied=3))

    def without_points(self, space, node, tree):
        if node.Identifier == 85:
            return space.told([space.reference(name) for name in tree[85]])
        return space.ua.BrowseResult(StatusCode=space.ua.StatusCode("BadNoContinuationPoints"))

    def test_requests_that_are_refused_as_a_whole(self):
        """For their number, or because of some items: each is asked by itself from then on."""
        for service, count, bad in itertools.product(("Browse", "Read"), (2, 5), ((), ("v1",), ("v0", "v1"))):
            names = [f"v{number}" for number in range(count)]
            refuses = self.has(bad) if bad else lambda items: len(items) > 3
            for is_fault in (True, False):
                with (
                    self.subTest(service, count=count, bad=bad, is_fault=is_fault),
                    self.arrays(names),
                    self.refusing(service, refuses, is_fault),
                ):
                    found = self.look()
                    self.assertEqual((found.nodes, found.denied, found.error), (count, len(bad), None))
                    told = [name for name in names if name not in bad or service == "Browse"]
                    self.assertEqual([variable.path for variable in found.variables], told)

    def has(self, bad):
        return lambda items: any(getattr(item, "NodeId", item).Identifier in bad for item in items)

    @contextmanager
    def refusing(self, service, refuses, is_fault=True):
        """With a fault of the service, or with an answer that has no results."""

        def each(talk, name, items, serve):
            if name != service or not refuses(items):
                return genuine(talk, name, items, serve)
            return talk._fault("BadTooManyOperations") if is_fault else getattr(talk.ua, f"{name}Response")()

        genuine = simulated._Talk._each
        with patch.object(simulated._Talk, "_each", each):
            yield

    def test_refused_in_the_middle(self):
        with self.space(lambda name: ["a"] if name == 85 else ()), self.refusing("Browse", self.after_the_first()):
            found = self.look()
        self.assertEqual((found.nodes, found.denied, found.error), (1, 1, None))

    def test_gone(self):
        self.proxy.faults.append(fault.reset)
        with self.arrays(["a"]):
            found = self.look()
        self.assertEqual((found.nodes, found.error.kind), (1, "reset"))

    def after_the_first(self):
        count = itertools.count()
        return lambda _items: next(count) > 0

    def test_names(self):
        """What people cannot read, and no database takes: signs of control, letters of another alphabet than UTF-8."""
        for name, path, is_fit in (
            ("Q\"u'o`t<e>&;=/", "Q\"u'o`t<e>&;=/", True),
            ("Mühle 名前 \U0001f33e", "Mühle 名前 \U0001f33e", True),
            (" blank ", " blank ", True),
            ("a\0b", "a b", False),
            ("a\nb\x85", "a b ", False),
            ("M\udcfchle", "M hle", False),
            ("long" * 1000, "long" * 50, True),
        ):
            with self.subTest(ascii(name)[:40]), self.arrays([name]):
                [found] = self.look().variables
                node = f"ns=2;s={path if len(path) < 100 else name}"
                told = None if is_fit else "its identifier is neither a number nor a plain text"
                self.assertEqual((found.path, found.node, found.problem), (path, node, told))
                found.path.encode()
                self.assertEqual(is_node(f"ns=2;s={name}"), is_fit)

    def test_identifiers_that_there_are_not(self):
        for text in ("ns=65536;i=1", "i=4294967296", "ns=2;s=", "s=a\0", "nsu=a\nb;s=c", "ns=2;b=Af8A", "x"):
            self.assertFalse(is_node(text), text)
            self.assertEqual(self.look(begin=text).error.kind, "setup")
        for text in ("ns=65535;i=4294967295", "nsu=urn:mill;s=a;b", "i=0"):
            self.assertTrue(is_node(text), text)

    def test_answers_with_parts_that_no_answer_has(self):
        for answer in (SimpleNamespace(), SimpleNamespace(Results=[None]), SimpleNamespace(Results=7), None):
            with self.subTest(answer), patch.object(browsing.OpcUaWire, "ask", lambda _wire, _request, answer=answer: answer):
                error = self.look().error
                self.assertEqual((error.kind, error.detail), ("reply", NO_ANSWER))
        self.assertTrue(self.proxy.wait_until_closed())

    def test_faults(self):
        for values, kind in (({"fault": "BadServiceUnsupported"}, "exception"), ({"fault": "BadSessionIdInvalid"}, "reset")):
            with patch.multiple(self.plc.front, **values):
                self.assertEqual(self.look().error.kind, kind)
        with patch.object(simulated._Talk, "_Browse", lambda talk, _request: talk.ua.BrowseResponse()):
            error = self.look().error
            self.assertEqual((error.kind, error.detail), ("reply", NO_ANSWER))
        self.proxy.refuse()
        self.assertEqual(self.look().error.cause, "refused")
        self.assertEqual(browse(replace(self.endpoint(), allowed=())).error.kind, "address")


@tagged("post_install", "-at_install")
class TestOthers(BrowseCase):
    def test_asyncua_s_server(self):
        authority = Authority("plant")
        ours = authority.application("urn:odoo:plc_mo_batch")
        with Peer(authority.application("urn:mill", "127.0.0.1")) as peer:
            tls = Tls(ca=authority.own.certificate, certificate=ours.certificate, key=ours.key)
            for security in ("none", "encrypt"):
                endpoint = Endpoint("127.0.0.1", peer.port, timeout=SURE, transport="opcua", tls=tls, login=Login(security))
                found = browse(endpoint, seconds=SURE)
                words = Variable("Words", peer.text.removeprefix("NODE "), "UInt16", 10, True, True)
                self.assertEqual((found.error, found.variables), (None, [words]))

    def test_node_opcua_s_server(self):
        need_node(self, "node-opcua")
        with self.node_opcua() as (port, index, _certificate):
            found = browse(Endpoint("127.0.0.1", port, timeout=SURE, transport="opcua"), seconds=SURE)
        expected = [
            Variable("Numbers", f"ns={index};s=Numbers", "Int16", 200, True, True),
            Variable("Words", f"ns={index};s=Words", "UInt16", 200, True, True),
        ]
        self.assertEqual([variable for variable in found.variables if variable.node.startswith(f"ns={index};")], expected)
