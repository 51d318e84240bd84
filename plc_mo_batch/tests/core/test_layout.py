from dataclasses import replace

from odoo.tests import BaseCase, TransactionCase, tagged

from ...plc.codec import CodecError, Field
from ...plc.layout import AREAS, DATE_ROLES, HOLDING, expand
from .. import plc_layouts


def changed(layout, kind, change, **values):
    """The layout with ``change(fields)`` as the fields of one area, and ``values`` for the rest of it."""
    areas = [
        replace(area, fields=tuple(change(list(area.fields))), **values) if area.kind == kind else area for area in layout.areas
    ]
    return replace(layout, areas=tuple(areas))


def without(role):
    return lambda fields: [item for item in fields if item.role != role]


def added(*more):
    return lambda fields: [*fields, *more]


def altered(role, **values):
    return lambda fields: [replace(item, **values) if item.role == role else item for item in fields]


def same(fields):
    return fields


@tagged("post_install", "-at_install")
class TestProblems(BaseCase):
    def setUp(self):
        super().setUp()
        self.jobs, self.flags = plc_layouts.job_numbers(events=False), plc_layouts.flags(events=False)

    def assert_problems(self, layout, *expected):
        self.assertEqual(layout.problems(), list(expected))

    def test_shipped_layouts_have_none(self):
        for word_order in ("high", "low"):
            self.assert_problems(plc_layouts.job_numbers(events=False, word_order=word_order))
            self.assert_problems(plc_layouts.flags(events=False, word_order=word_order))

    def test_overlap(self):
        layout = changed(self.flags, "recipe", added(Field("quantity", 100), Field("weight", 8, name="Late")))
        self.assertIn("In the recipe area, Late starts at word 8, inside order.", layout.problems())

    def test_overlap_by_one_word(self):
        layout = changed(self.flags, "feedback", altered("feedback_flag", offset=75))
        self.assert_problems(layout, "In the feedback area, feedback_flag starts at word 75, inside weight.")

    def test_outside_the_stride(self):
        layout = changed(self.flags, "feedback", same, stride=76)
        self.assert_problems(layout, "The feedback area's fields take 81 words, but its stride is 76.")
        self.assert_problems(changed(self.flags, "feedback", same, stride=81))

    def test_missing_roles(self):
        for layout, kind, roles in (
            (self.jobs, "recipe", ("slot", "order", "quantity", "recipe_job", "armed_job", "acknowledged_job")),
            (self.jobs, "feedback", ("slot", "order", "weight", "taken_job")),
            (self.flags, "recipe", ("line_code", "line_quantity", "recipe_flag")),
            (self.flags, "feedback", ("line_code", "line_quantity", "feedback_flag")),
        ):
            for role in roles:
                self.assertIn(
                    f"The {kind} area needs a field with the role {role}.", changed(layout, kind, without(role)).problems()
                )

    def test_missing_area(self):
        recipe, feedback = self.jobs.areas
        self.assert_problems(replace(self.jobs, areas=(recipe,)), "There must be exactly one feedback area, but there are 0.")
        twice = replace(self.jobs, areas=(recipe, feedback, replace(recipe, base=9000)))
        self.assert_problems(twice, "There must be exactly one recipe area, but there are 2.")

    def test_empty_area(self):
        self.assertIn(
            "The recipe area needs a field with the role slot.", changed(self.flags, "recipe", lambda fields: []).problems()
        )

    def test_doubled_role(self):
        layout = changed(self.flags, "recipe", added(Field("quantity", 90)))
        self.assert_problems(layout, "The recipe area has the role quantity twice; the second is at word 90.")

    def test_doubled_line(self):
        layout = changed(self.flags, "recipe", added(Field("line_code", 90, index=3)))
        self.assertIn("The recipe area has the role line_code twice; the second is at word 90.", layout.problems())

    def test_only_lines_are_repeated(self):
        """Of a role that stands once in a slot, a second one would be neither read nor written."""
        layout = changed(self.flags, "recipe", added(Field("quantity", 90, index=1)))
        self.assert_problems(layout, "The recipe area has the role quantity twice; the second is at word 90.")

    def test_more_than_a_request_holds(self):
        wide = {"stride": 200}
        self.assert_problems(
            changed(self.flags, "feedback", altered("weight", offset=124), base=4000, **wide),
            "A feedback slot takes 126 words, but one request can hold only 125.",
        )
        self.assert_problems(changed(self.flags, "feedback", altered("weight", offset=123), base=4000, **wide))
        self.assert_problems(
            changed(self.flags, "recipe", altered("signature", offset=122), **wide),
            "A recipe slot takes 124 words, but one request can hold only 123.",
        )
        self.assert_problems(changed(self.flags, "recipe", altered("signature", offset=121), **wide))

    def test_areas_overlap(self):
        layout = changed(self.flags, "feedback", same, base=6024)
        self.assert_problems(layout, "The feedback area ends at 7004, after the recipe area starts at 7000.")
        self.assert_problems(changed(self.flags, "feedback", same, base=6019))

    def test_areas_interleaved(self):
        """Slots that would fit between those of the other area are not worth a rule of their own."""
        layout = changed(changed(self.flags, "feedback", same, stride=200), "recipe", same, base=6100, stride=200)
        self.assert_problems(layout, "The feedback area ends at 7880, after the recipe area starts at 6100.")

    def test_unequal_lines(self):
        layout = changed(self.flags, "recipe", lambda fields: [item for item in fields if item.offset != 70])
        counts = "recipe line_code: 15, recipe line_quantity: 14, feedback line_code: 15, feedback line_quantity: 15"
        self.assert_problems(layout, f"Both areas need the same number of equipment codes and quantities ({counts}).")

    def test_address_range(self):
        outside = "The recipe area must lie between addresses 0 and 65535."
        self.assert_problems(changed(self.flags, "recipe", same, base=65536 - 977))
        self.assert_problems(changed(self.flags, "recipe", same, base=65536 - 976), outside)
        self.assertEqual(len(replace(self.flags, address_offset=-40001).problems()), 2)

    def test_type_of_a_role(self):
        for role, values, problem in (
            ("order", {"type": "uint16"}, "order (word 1) has type uint16, but its role order requires ascii."),
            ("finished", {"type": "uint16"}, "finished (word 72) has type uint16, but its role finished requires bool."),
            (
                "weight",
                {"type": "ascii"},
                "weight (word 74) has type ascii, but its role weight requires bool or uint16 or int16 or bcd or uint32 or "
                "int32 or uint64 or int64 or float32 or float64.",
            ),
            ("failed", {"scale": 100}, "failed (word 73) has a scale, but a field with the role failed cannot be scaled."),
        ):
            layout = changed(self.flags, "feedback", altered(role, **values))
            self.assertIn(f"In the feedback area, {problem}", layout.problems())

    def test_what_is_written_alone_stands_behind_the_block(self):
        """Else each block would overwrite it."""
        layout = changed(self.jobs, "recipe", altered("acknowledged_job", offset=76, type="uint32"))
        self.assertIn(
            "In the recipe area, acknowledged_job (word 76) must come after word 78 because it is written separately.",
            layout.problems(),
        )

    def test_a_withdrawal_is_one_request(self):
        layout = changed(self.jobs, "recipe", altered("armed_job", offset=83))
        self.assert_problems(
            layout, "In the recipe area, armed_job must come directly after recipe_job because both are written in one request."
        )


@tagged("post_install", "-at_install")
class TestEventAreas(BaseCase):
    """Failures and weighings: areas that may be missing, with slots of their own."""

    layout = plc_layouts.flags()

    def assert_problems(self, layout, *problems):
        self.assertEqual(layout.problems(), list(problems))

    def test_places(self):
        self.assertEqual(self.layout.event_places, (("failure", 1), ("weighing", 1)))
        three = changed(self.layout, "failure", same, slots=3, stride=30)
        self.assertEqual(three.event_places, (("failure", 1), ("failure", 2), ("failure", 3), ("weighing", 1)))
        self.assertEqual(three.request("failure", 3), (8060, 23, HOLDING))
        self.assertEqual(plc_layouts.flags(events=False).event_places, ())

    def test_required_roles(self):
        for kind, roles in (
            ("failure", ("equipment", "failure", "event_flag")),
            ("weighing", ("slot", "order", "weighed", "event_flag")),
        ):
            for role in roles:
                self.assert_problems(
                    changed(self.layout, kind, without(role)), f"The {kind} area needs a field with the role {role}."
                )

    def test_a_weighing_names_its_product(self):
        """By number, by a text, or by both."""
        nameless = changed(self.layout, "weighing", without("product_number"))
        self.assert_problems(nameless, "The weighing area needs the role product_number or the role product_code.")
        for told in (nameless, self.layout):
            self.assert_problems(changed(told, "weighing", added(Field("product_code", 20, "ascii", 8))))
        self.assert_problems(changed(self.layout, "weighing", added(Field("lot", 20, "ascii", 8))))
        numbered = changed(self.layout, "weighing", added(Field("lot", 20)))
        self.assertIn("lot", str(numbered.problems()[0]))

    def test_a_date_is_whole_or_missing(self):
        self.assert_problems(
            changed(self.layout, "failure", without("second")), "The failure area has a date without the roles second."
        )
        self.assert_problems(changed(self.layout, "failure", lambda fields: [f for f in fields if f.role not in DATE_ROLES]))

    def test_roles_that_have_no_sense_there(self):
        self.assert_problems(
            changed(self.layout, "weighing", added(Field("weight", 20))),
            "In the weighing area, weight (word 20) has the role weight, which is not valid in this area.",
        )
        self.assert_problems(
            changed(self.layout, "feedback", added(Field("event_flag", 90))),
            "In the feedback area, event_flag (word 90) has the role event_flag, which is not valid in this area.",
        )

    def test_the_flag_is_written(self):
        self.assert_problems(
            changed(self.layout, "failure", same, registers="input"),
            "Odoo writes to the failure area, so it cannot use input registers, which are read-only.",
        )

    def test_places_that_overlap_or_are_too_short(self):
        self.assert_problems(
            changed(self.layout, "failure", same, slots=11),
            "The failure area ends at 9022, after the weighing area starts at 9000.",
        )
        self.assert_problems(
            changed(self.layout, "failure", same, stride=22), "The failure area's fields take 23 words, but its stride is 22."
        )
        self.assert_problems(
            changed(self.layout, "failure", altered("event_flag", offset=125), stride=200),
            "A failure slot takes 126 words, but one request can hold only 125.",
        )
        self.assert_problems(
            changed(self.layout, "weighing", same, base=65530), "The weighing area must lie between addresses 0 and 65535."
        )

    def test_the_order_name_is_not_cut(self):
        layout = changed(self.layout, "weighing", altered("order", words=7))
        self.assert_problems(
            layout, "In the weighing area, order (word 1) takes 7 words, but the order name in the recipe takes 8."
        )


@tagged("post_install", "-at_install")
class TestAddresses(BaseCase):
    def test_slots(self):
        jobs, flags = plc_layouts.job_numbers(events=False), plc_layouts.flags(events=False)
        self.assertEqual(jobs.request("feedback", 1), (6000, 83, HOLDING))
        self.assertEqual(jobs.request("recipe", 10), (7900, 83, HOLDING))
        self.assertEqual(flags.request("feedback", 10), (6900, 81, HOLDING))
        self.assertEqual(flags.address("recipe", 3, 76), 7276)

    def test_a_plc_that_counts_from_1_or_40001(self):
        for first in (1, 40001):
            layout = plc_layouts.flags(events=False)
            for kind in ("recipe", "feedback"):
                layout = changed(layout, kind, same, base=layout.area(kind).base + first)
            layout = replace(layout, address_offset=-first)
            self.assertEqual(layout.problems(), [])
            self.assertEqual(layout.request("feedback", 2), (6100, 81, HOLDING))
            self.assertEqual(layout.address("recipe", 10, 76), 7976)

    def test_unknown_area_and_role(self):
        layout = plc_layouts.flags(events=False)
        with self.assertRaises(KeyError):
            layout.area("weighing")
        with self.assertRaises(KeyError):
            layout.area("recipe").field("taken_job")

    def test_expand(self):
        item = Field("line_code", 27, value=101, name="Equipment code")
        self.assertEqual(
            list(expand(item, 2, 3)),
            [
                Field("line_code", 27, index=0, value=101, name="Equipment code 1"),
                Field("line_code", 30, index=1, value=102, name="Equipment code 2"),
            ],
        )
        self.assertEqual(list(expand(item, 1, 3)), [item])


@tagged("post_install", "-at_install")
class TestBlocks(BaseCase):
    def test_job_numbers(self):
        """Words 0 to 78: the recipe and whose it is, but not what arms or acknowledges it."""
        block = plc_layouts.job_numbers(events=False).block(plc_layouts.recipe_values(3), 70001)
        self.assertEqual((len(block), block[0], block[76:]), (79, 3, [0, 1, 4465]))
        self.assertEqual(block[27:33], [101, 0, 38125, 102, 0, 0])
        self.assertEqual(block[66:72], [114, 0, 2025, 115, 0, 0])

    def test_flags(self):
        """The gate is closed in the same request."""
        block = plc_layouts.flags(events=False).block(plc_layouts.recipe_values(3))
        self.assertEqual((len(block), block[25:27], block[72:]), (77, [1, 34464], [0, 0, 0x4D4F, 0x5245, 1]))

    def test_low_word_first(self):
        block = plc_layouts.job_numbers(events=False, word_order="low").block(plc_layouts.recipe_values(), 70001)
        self.assertEqual(block[1:7], [22344, 12109, 20271, 12336, 12336, 12544])
        self.assertEqual((block[25:27], block[77:]), ([34464, 1], [4465, 1]))

    def test_codes(self):
        self.assertEqual(plc_layouts.flags(events=False).codes, tuple(range(101, 116)))

    def test_words_of_one_field(self):
        for word_order, words in (("high", [1, 4465]), ("low", [4465, 1])):
            layout = plc_layouts.job_numbers(events=False, word_order=word_order)
            self.assertEqual(layout.words_of("recipe", "armed_job", 70001), (79, words))

    def test_words_of_one_field_beside_one_that_refuses_zero(self):
        layout = changed(plc_layouts.job_numbers(events=False), "recipe", altered("quantity", minimum=1))
        self.assertEqual(layout.words_of("recipe", "armed_job", 7), (79, [0, 7]))
        with self.assertRaisesRegex(CodecError, r"^quantity \(word 25\) cannot hold 0.5: it must be at least 1$"):
            layout.words_of("recipe", "quantity", 0.5)

    def test_a_changed_copy_has_its_own_codec(self):
        layout = plc_layouts.job_numbers(events=False)
        layout.words_of("recipe", "armed_job", 1)
        layout.codec("recipe")
        copy = replace(layout, word_order="low")
        self.assertEqual(copy.words_of("recipe", "armed_job", 1), (79, [1, 0]))
        self.assertEqual(copy.codec("recipe").encode({"armed_job": 1})[79:81], [1, 0])


@tagged("post_install", "-at_install")
class TestRecords(TransactionCase):
    def assert_same(self, record, expected):
        """Names and limits aside, which the mill's register list does not give."""
        layout = record._layout()
        self.assertEqual(layout.problems(), [])
        self.assertEqual(
            (layout.handshake, layout.slots, layout.word_order, layout.swap_bytes, layout.address_offset),
            (expected.handshake, expected.slots, expected.word_order, expected.swap_bytes, expected.address_offset),
        )
        self.assertEqual([layout.has(kind) for kind in AREAS], [expected.has(kind) for kind in AREAS])
        for kind in filter(layout.has, AREAS):
            area, other = layout.area(kind), expected.area(kind)
            self.assertEqual((area.base, area.stride, area.slots), (other.base, other.stride, other.slots))
            self.assertEqual(self.plain(area), self.plain(other))

    def plain(self, area):
        return sorted((replace(item, name="", minimum=None, maximum=None) for item in area.fields), key=lambda item: item.offset)

    def test_job_numbers(self):
        self.assert_same(self.env.ref("plc_mo_batch.plc_register_layout_job_numbers"), plc_layouts.job_numbers())

    def test_flags(self):
        self.assert_same(self.env.ref("plc_mo_batch.plc_register_layout_flags"), plc_layouts.flags())
