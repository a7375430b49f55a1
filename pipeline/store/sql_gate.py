"""The gate that a person's SQL must pass before it runs: one SELECT over our tables, with functions we know.

``readonly = 1`` is not enough: it leaves ``SELECT file('/etc/passwd')``, ``INTO OUTFILE``, ``DESCRIBE TABLE url(...)``,
``merge()`` and ``system.processes`` open (measured, reference/clickhouse §6). So the engine's own parser is asked
twice, without running anything: for the query in canonical form (no comments, one way of quoting, exactly one
statement) and for that form's syntax tree. Every kind of node, function and table in the tree must be on a list; what
was checked is what is then run.

Named subqueries (CTEs) need no list: their names are not in the tree, but a bare name that is no table of ours can mean
nothing else, as the connection's database is ours and holds only tables that are known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from msgspec import Struct

from pipeline.store.errors import QueryRefusedError
from pipeline.store.sql_functions import IN_FUNCTIONS, TABLE_FUNCTIONS, is_allowed

MAX_QUERY_BYTES = 64 * 1024
#: Deeper trees are refused before the engine's recursion is tried.
MAX_DEPTH = 200

#: Kinds of nodes in a syntax tree that only read what their children name.
_HARMLESS_NODES = frozenset({
    "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "ExpressionList", "Subquery", "WithElement",
    "TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression", "TableJoin", "ArrayJoin",
    "TableIdentifier", "Identifier", "Function", "Literal", "Asterisk", "QualifiedAsterisk",
    "ColumnsRegexpMatcher", "ColumnsListMatcher", "QualifiedColumnsRegexpMatcher", "QualifiedColumnsListMatcher",
    "ColumnsTransformerList", "ColumnsExceptTransformer", "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement", "OrderByElement", "InterpolateElement", "WindowDefinition",
    "WindowListElement", "SampleRatio", "StorageOrderByElement",
})  # fmt: skip
_WHY_REFUSED = {
    "Set": "SETTINGS cannot be changed here",
    "ColumnsApplyTransformer": "APPLY is not allowed; write the function for each column",
    "QueryParameter": "parameters ({name:Type}) cannot be used here; write the value",
}
_REST_OF_SELECT = "INTO OUTFILE and FORMAT are not allowed; choose the format beside the query"

#: One token of the canonical form: a text, a quoted name, or anything else.
_TOKEN = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|[^'`]+|.", re.DOTALL)
#: What a quoted name may hold. No line breaks or brackets: the tree is text, and a name must not look like it.
_PLAIN_NAME = re.compile(r"`[\w .,:;%#&+*/?!<>=€$@\-]*`")
_LINE = re.compile(
    r"(?P<indent> *)(?P<kind>[\w:]+)(?: (?P<name>(?!\(children ).*?))?(?: \(children (?P<children>\d+)\))?"
)
_ALIAS = re.compile(r" ?\(alias [^()]*\)$")
_CASTS = frozenset({"cast", "_cast", "accuratecast", "accuratecastornull", "accuratecastordefault"})
_UNREADABLE = "the query could not be read safely; please write it more simply"
_TYPE_NAME = re.compile(
    r"(?:[\s(),']|\d+|UTC|[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+|U?Int(?:8|16|32|64)|Float(?:32|64)|Decimal(?:32|64|128)?|"
    r"String|FixedString|Bool|UUID|Date|Date32|DateTime|DateTime32|DateTime64|Nullable|LowCardinality|Array|Tuple|Map|"
    r"Point|Ring|Polygon|MultiPolygon|INT|INTEGER|BIGINT|TEXT|VARCHAR|DOUBLE|FLOAT|TIMESTAMP|DATE|BOOLEAN)+"
)


class Parser(Struct, frozen=True):
    """The engine's parser. ``canonical`` gives the one-line form, ``tree`` the lines of its syntax tree.

    Both raise QueryRefusedError with the engine's message for SQL that cannot be read, and run nothing.
    """

    canonical: Callable[[str], str]
    tree: Callable[[str], list[str]]


class SqlGate:
    """Decides whether a person's SQL may run."""

    def __init__(
        self,
        database: str,
        tables: Collection[str],
        hidden_tables: Collection[str],
        columns: Collection[str],
        functions: Collection[str],
    ) -> None:
        """``tables`` may be read, ``hidden_tables`` exist in the database but may not. ``columns`` are all names of
        columns of the former, ``functions`` all functions that the engine knows."""
        self._database = database
        self._tables = frozenset(tables)
        self._hidden = frozenset(hidden_tables)
        known = {column.lower() for column in columns}
        # `arrayMap(file, paths)` passes a function by its bare name, so such a name is refused wherever it stands.
        self._unsafe_names = frozenset(
            name.lower() for name in functions if not is_allowed(name) and name.lower() not in known
        )

    def check(self, tree: Sequence[str]) -> None:
        """Take the lines of the syntax tree of a query in canonical form, which may run if this returns.

        Raises QueryRefusedError with what is not allowed.
        """
        root = read_tree(tree)
        if root.kind != "SelectWithUnionQuery":
            raise QueryRefusedError("only SELECT queries are allowed (and SHOW TABLES, DESCRIBE table)")
        for child in root.children:
            if child.kind != "ExpressionList":
                raise QueryRefusedError(_WHY_REFUSED.get(child.kind, _REST_OF_SELECT))
        self._check(root)

    def _check(self, node: Node) -> None:
        if node.kind not in _HARMLESS_NODES:
            raise QueryRefusedError(_WHY_REFUSED.get(node.kind, f"{node.kind} is not allowed"))
        if node.kind == "TableExpression":
            self._check_table_functions(node)
        elif node.kind == "Function":
            self._check_function(node)
        elif node.kind == "TableIdentifier":
            self._check_table(node.name)
        elif node.kind == "Identifier":
            self._check_name(node.name)
        for child in node.children:
            if not (node.kind == "TableExpression" and child.kind == "Function"):
                self._check(child)

    def _check_table_functions(self, node: Node) -> None:
        for child in node.children:
            if child.kind == "Function":
                if child.name.lower() not in TABLE_FUNCTIONS:
                    raise QueryRefusedError(f"the table function {child.name} is not allowed")
                for argument in child.children:
                    self._check(argument)

    def _check_function(self, node: Node) -> None:
        name = node.name.lower()
        if not is_allowed(name):
            raise QueryRefusedError(f"the function {node.name} is not allowed")
        arguments = node.children[0].children if node.children else ()
        if name in IN_FUNCTIONS and len(arguments) > 1 and arguments[1].kind == "Identifier":
            self._check_table(arguments[1].name)  # `x IN name` reads the table of that name
        if name in _CASTS and len(arguments) > 1 and not _is_plain_type(arguments[1]):
            raise QueryRefusedError("a cast needs the name of a plain type, such as Float64 or DateTime64(3)")

    def _check_table(self, name: str) -> None:
        if name.removeprefix(f"{self._database}.") in self._tables or name == "system.one":
            return
        if "." in name or name in self._hidden:
            raise QueryRefusedError(f"{name} is not one of our tables; SHOW TABLES lists them")

    def _check_name(self, name: str) -> None:
        last = name.rsplit(".", 1)[-1].lower()
        if last in self._unsafe_names:
            raise QueryRefusedError(f"{last} is the name of a function that is not allowed; use another name")


class Node(Struct):
    """A node of a syntax tree: its kind, the name or value after it, and its children."""

    kind: str
    name: str
    children: list[Node] = []


def read_tree(lines: Sequence[str]) -> Node:
    """Return the tree that the engine's indented lines describe.

    Raises QueryRefusedError when the lines do not fit together: each must have as many children as it says.
    """
    root: Node | None = None
    path: list[tuple[Node, int]] = []  # the nodes above, each with the number of children still to come
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None or (root is not None and not path):
            raise QueryRefusedError(_UNREADABLE)
        if len(path) > MAX_DEPTH:
            raise QueryRefusedError("the query is nested too deeply")
        if len(found["indent"]) != len(path):
            raise QueryRefusedError(_UNREADABLE)
        node = Node(found["kind"], _ALIAS.sub("", found["name"] or ""))
        if path:
            parent, missing = path.pop()
            parent.children.append(node)
            path.append((parent, missing - 1))
        else:
            root = node
        path.append((node, int(found["children"] or 0)))
        while path and path[-1][1] == 0:
            path.pop()
            # A parent is finished only when its own last child is; its count was lowered when the child began.
    if root is None or path:
        raise QueryRefusedError(_UNREADABLE)
    return root


def canonical_form(sql: str, parser: Parser) -> str:
    """Return the engine's one-line form of a query. Raises QueryRefusedError when it is not one readable statement."""
    if len(sql.encode("utf-8", "surrogatepass")) > MAX_QUERY_BYTES:
        raise QueryRefusedError(f"the query is longer than {MAX_QUERY_BYTES // 1024} KiB")
    if "\0" in sql or any("\ud800" <= char <= "\udfff" for char in sql):
        raise QueryRefusedError("the query holds characters that are no text")
    if not sql.strip():
        raise QueryRefusedError("there is no query")
    canonical = parser.canonical(sql)
    for token in _TOKEN.findall(canonical):
        if token.startswith("`") and not _PLAIN_NAME.fullmatch(token):
            raise QueryRefusedError("a quoted name holds characters that are not allowed in names")
    return canonical


def _is_plain_type(node: Node) -> bool:
    return node.kind == "Literal" and _TYPE_NAME.fullmatch(node.name[1:-1].replace("\\'", "'")) is not None
