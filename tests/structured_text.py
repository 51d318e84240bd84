"""Runs a function block of IEC 61131-3 structured text, so that the example in docs/plc is executed and not only printed.

blark parses it, with the grammar of a real vendor's compiler; here it becomes Python. Only what the example uses is known:
anything else raises, and so does a word that does not fit 16 bits, an index outside its array, or a value of one kind in the
place of another: Sysmac Studio and TIA Portal convert nothing by themselves but a number to a wider one.
"""

from collections.abc import Iterable, MutableSequence
from functools import cache
from types import CodeType
from typing import Any

from blark import transform as st
from blark.parse import parse_source_code

# as Python writes them
OPERATORS = {
    **{sign: sign for sign in ("+", "-", "*", "<", ">", "<=", ">=")},
    **{"/": "//", "MOD": "%", "=": "==", "<>": "!=", "AND": "and", "OR": "or", "NOT": "not"},
}
BITS = {"WORD": 16, "UINT": 16, "DINT": 31, "UDINT": 32, "DWORD": 32}  # a DINT below zero occurs in no conversion
# what a number fits into beside its own type; one without a type is of any
WIDER = {"INT": {"DINT"}, "UINT": {"DINT", "UDINT"}, "DINT": set(), "UDINT": set()}
ANY_NUMBER, BOOL = "number", "BOOL"


class Window(MutableSequence):
    """An array that lies in a register memory from ``first`` on, as VAR_IN_OUT passes it."""

    def __init__(self, memory: list[int], first: int, count: int):
        self.memory, self.first, self.count = memory, first, count

    def _address(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(f"index {index} is outside 0..{self.count - 1}")
        return self.first + index

    def __getitem__(self, index):
        return self.memory[self._address(index)]

    def __setitem__(self, index, value):
        if not 0 <= value <= 0xFFFF:
            raise ValueError(f"{value} does not fit a WORD")
        self.memory[self._address(index)] = int(value)

    def __len__(self):
        return self.count

    def __delitem__(self, index):
        raise TypeError("an array keeps its length")

    def insert(self, index, value):
        raise TypeError("an array keeps its length")


class FunctionBlock:
    """One instance: its variables are in ``memory`` by name; ``scan`` runs its body once."""

    def __init__(self, source: str):
        declarations, self._body = _compiled(source)
        self.memory: dict[str, Any] = {name: _initial(declared) for name, declared in declarations.items()}

    def scan(self, **variables: Any) -> None:
        """Set inputs (and pass arrays in and out), then run the body.

        :raise KeyError: for a variable that the block does not declare
        """
        for name, value in variables.items():
            self.memory[name]
            self.memory[name] = value
        exec(self._body, {"convert": convert}, {"v": self.memory})

    def __getattr__(self, name: str) -> Any:
        return self.memory[name]


@cache  # blark takes a second
def _compiled(source: str) -> tuple[dict[str, Any], CodeType]:
    *lists, block = parse_source_code(source).transform().items  # global constants, and what uses them
    items = [item for section in (*lists, *block.declarations) for item in section.items]
    declarations = {_name(declared): item.init for item in items for declared in item.variables}
    _Types({_name(declared): _type(item.init) for item in items for declared in item.variables}).check(block.body)
    body = "\n".join(_Python(declarations).body(block.body))
    return declarations, compile(body, "structured text", "exec")


def _name(declared: Any) -> str:
    return str(declared.variable.name if hasattr(declared, "variable") else declared)  # that of a list is a token


def _type(declared: Any) -> str:
    """Of a variable; of an array, that of its elements."""
    return str(declared.spec.type).upper()


def _initial(declared: Any) -> Any:
    if isinstance(declared, st.ArrayTypeInitialization):
        (bounds,) = declared.spec.subranges
        return [0] * (int(bounds.stop.value) + 1)
    if declared.value is not None:
        return str(declared.value) == "TRUE" if isinstance(declared.value, st.Boolean) else int(declared.value.value)
    return False if str(declared.spec.type) == "BOOL" else 0


def convert(value: int, bits: int) -> int:
    """A conversion of types; one that would cut bits off is an error of the program."""
    if not 0 <= value < 2**bits:
        raise ValueError(f"{value} does not fit {bits} bits")
    return value


class _Python:
    """Statements and expressions as Python's, where the variables are in ``v``."""

    def __init__(self, declared: Iterable[str]):
        self.declared = frozenset(declared)

    def body(self, body: Any, indent: str = "") -> list[str]:
        lines = [line for statement in body.statements for line in self._dispatch(statement)] if body else ["pass"]
        return [indent + line for line in lines]

    def _dispatch(self, node: Any) -> Any:
        return getattr(self, f"_{type(node).__name__}")(node)

    def _AssignmentStatement(self, node: Any) -> list[str]:
        (target,) = node.variables
        return [f"{self._dispatch(target)} = {self._dispatch(node.expression)}"]

    def _IfStatement(self, node: Any) -> list[str]:
        lines = [f"if {self._dispatch(node.if_expression)}:", *self.body(node.statements, " ")]
        for branch in node.else_ifs:
            lines += [f"elif {self._dispatch(branch.if_expression)}:", *self.body(branch.statements, " ")]
        if node.else_clause:
            lines += ["else:", *self.body(node.else_clause.statements, " ")]
        return lines

    def _ForStatement(self, node: Any) -> list[str]:
        first, last = self._dispatch(node.from_), self._dispatch(node.to)
        return [f"for {self._dispatch(node.control)} in range({first}, {last} + 1):", *self.body(node.statements, " ")]

    def _Integer(self, node: Any) -> str:
        return str(int(node.value))

    def _HexInteger(self, node: Any) -> str:
        return f"0x{node.value}"

    _HexBitString = _HexInteger

    def _Boolean(self, node: Any) -> str:
        return str(str(node.value) == "TRUE")

    def _SimpleVariable(self, node: Any) -> str:
        if str(node.name) not in self.declared:
            raise KeyError(str(node.name))
        return f"v[{str(node.name)!r}]"

    def _MultiElementVariable(self, node: Any) -> str:
        (element,) = node.elements
        (subscript,) = element.subscripts
        return f"{self._dispatch(node.name)}[{self._dispatch(subscript)}]"

    def _UnaryOperation(self, node: Any) -> str:
        return f"({OPERATORS[str(node.op)]} {self._dispatch(node.expr)})"

    def _BinaryOperation(self, node: Any) -> str:
        return f"({self._dispatch(node.left)} {OPERATORS[str(node.op)]} {self._dispatch(node.right)})"

    def _ParenthesizedExpression(self, node: Any) -> str:
        return f"({self._dispatch(node.expr)})"

    def _FunctionCall(self, node: Any) -> str:
        _source, _to, target = str(node.name.name).partition("_TO_")
        (parameter,) = node.parameters
        return f"convert({self._dispatch(parameter.value)}, {BITS[target]})"


class _Types:
    """The types of statements and expressions.

    :raise TypeError: where a value would have to be converted
    """

    def __init__(self, types: dict[str, str]):
        self.types = types

    def check(self, body: Any) -> None:
        for statement in body.statements if body else ():
            self._check(statement)

    def _check(self, node: Any) -> None:
        if isinstance(node, st.AssignmentStatement):
            self._fit(node, self._of(node.expression), self._of(node.variables[0]))
        elif isinstance(node, st.IfStatement):
            for branch in (node, *node.else_ifs):
                self._fit(node, self._of(branch.if_expression), BOOL)
                self.check(branch.statements)
            self.check(node.else_clause and node.else_clause.statements)
        else:
            for expression in (node.control, node.from_, node.to):
                self._fit(node, self._of(expression), "INT")
            self.check(node.statements)

    def _fit(self, node: Any, value: str, place: str) -> None:
        if value != place and place not in WIDER.get(value, ()) and not (value == ANY_NUMBER and place in WIDER):
            raise TypeError(f"{value} is no {place}: {node}")

    def _of(self, node: Any) -> str:
        return getattr(self, f"_{type(node).__name__}")(node)

    def _Integer(self, node: Any) -> str:
        return str(node.type_name) if node.type_name else ANY_NUMBER

    _HexInteger = _HexBitString = _Integer

    def _Boolean(self, _node: Any) -> str:
        return BOOL

    def _SimpleVariable(self, node: Any) -> str:
        return self.types[str(node.name)]

    def _MultiElementVariable(self, node: Any) -> str:
        ((subscript,),) = (element.subscripts for element in node.elements)
        self._fit(node, self._of(subscript), "DINT")
        return self._of(node.name)

    def _UnaryOperation(self, node: Any) -> str:
        self._fit(node, self._of(node.expr), BOOL)
        return BOOL

    def _BinaryOperation(self, node: Any) -> str:
        left, right, sign = self._of(node.left), self._of(node.right), str(node.op)
        if left == ANY_NUMBER or right in WIDER.get(left, ()):
            left, right = right, left
        self._fit(node, right, BOOL if sign in ("AND", "OR") else left)
        is_arithmetic = sign in ("+", "-", "*", "/", "MOD")
        if is_arithmetic and left not in (*WIDER, ANY_NUMBER):
            raise TypeError(f"{left} is no number: {node}")
        return left if is_arithmetic else BOOL

    def _ParenthesizedExpression(self, node: Any) -> str:
        return self._of(node.expr)

    def _FunctionCall(self, node: Any) -> str:
        source, _to, target = str(node.name.name).partition("_TO_")
        (parameter,) = node.parameters
        self._fit(node, self._of(parameter.value), source)
        return target
