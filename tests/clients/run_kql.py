"""Runs KQL over records, on DuckDB by the translator duckdb-kql: nothing of either is ours.

Reads one JSON object from stdin and answers one on stdout:

    {"tables": {name: {"columns": {column: type}, "rows": [{column: value}]}},
     "clock": "2026-03-02T00:00:00Z", "functions": [definition], "queries": [text]}
    [{"columns": [name], "rows": [[value]], "instead": [construct]}, {"lacks": text}]

`clock` is what now() and ago() go by; `functions` are as in `.create function`, from the word `function` on. Datetimes
come as text in UTC, timespans in seconds.

What the translator lacks, and DuckDB can do, is done by hand, construct by construct (`BY_WORDS`, `BY_DUCKDB`); the
answer names each that was. A query with anything else that it lacks is answered with its complaint.
"""

import datetime
import json
import re
import sys
import tempfile

import duckdb
import duckdb_kql

# Kusto's strings are never null: what is missing is empty.
TYPES = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
    "long": "BIGINT",
    "int": "INTEGER",
    "real": "DOUBLE",
}


def main():
    task = json.load(sys.stdin)
    connection = duckdb_kql.connect()
    # Sums of numbers come out the same to the last digit.
    connection.execute("SET threads = 1")
    for name, table in task["tables"].items():
        create(connection, name, table["columns"], table["rows"])
    json.dump([answer(Engine(connection, task), query) for query in task["queries"]], sys.stdout)


def create(connection, name, columns, rows):
    types = {column: TYPES[kind] for column, kind in columns.items()}
    selected = ", ".join(
        f"coalesce({column}, '') AS {column}" if kind == "VARCHAR" else column for column, kind in types.items()
    )
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        read = f"read_json(?, format = 'newline_delimited', columns = {types})"
        connection.execute(f"CREATE TABLE {name} AS SELECT {selected} FROM {read}", [file.name])


def answer(engine, query):
    used = set()
    try:
        result = run(engine, query, used)
        rows = [[plain(value, kind) for value, kind in zip(row, result.types)] for row in result.fetchall()]
        return {"columns": result.columns, "rows": rows, "instead": sorted(used)}
    except (duckdb_kql.KqlError, duckdb.Error) as error:
        return {"lacks": str(error)}


class Engine:
    def __init__(self, connection, task):
        self.connection, self.tables = connection, 0
        self.clock, self.functions = task["clock"], [in_other_words(text)[0] for text in task["functions"]]

    def query(self, kql):
        return duckdb_kql.query(self.connection, kql, query_now=self.clock, functions=self.functions)

    def keep(self, relation):
        """The name of a table with these rows in this order."""
        self.tables += 1
        name = f"Kept{self.tables}"
        self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        relation.create(name)
        return name


def run(engine, query, used):
    """The result of a query. What stands before a construct of `BY_DUCKDB` becomes a table first."""
    query, found = in_other_words(query)
    used |= found
    *lets, last = split(query, ";")
    lets = "".join(f"{let};" for let in lets)
    steps = split(last, "|")
    for position, step in enumerate(steps):
        for name, construct, by_duckdb in BY_DUCKDB:
            if construct.search(step):
                used.add(name)
                before = engine.keep(engine.query(lets + "|".join(steps[:position])))
                rest = by_duckdb(engine, lets, before, step)
                return run(engine, lets + "|".join(["\n" + rest, *steps[position + 1 :]]), used)
    return engine.query(query)


def in_other_words(kql):
    """The same with what the translator has, and the constructs that are gone."""
    found = set()
    for name, construct, equal in BY_WORDS:
        kql, times = construct.subn(equal, kql)
        found |= {name} if times else set()
    return kql, found


def neighbours(engine, lets, table, step):
    """Values of the rows before and after become columns: `next(A)` the column `next_A`."""
    sides = {"next": "lead", "prev": "lag"}
    added = [
        f"{sides[side]}({column}) OVER (ORDER BY rowid) AS {side}_{column}"
        for side, column in sorted(set(NEIGHBOUR.findall(step)))
    ]
    beside = engine.keep(engine.connection.sql(f"SELECT *, {', '.join(added)} FROM {table} ORDER BY rowid"))
    return f"{beside} | {NEIGHBOUR.sub(lambda call: '_'.join(call.groups()), step)}"


def steps_of_a_range(engine, lets, table, step):
    """A row for each step from one value to another."""
    name, arguments = RANGE.search(step).groups()
    first, last, width = split(arguments, ",")
    ends = engine.keep(engine.query(f"{lets}\n{table} | extend First_ = {first}, Last_ = {last}, Width_ = {width}"))
    steps = f"unnest(generate_series(First_, Last_, Width_)) AS {name}"
    return engine.keep(engine.connection.sql(f"SELECT * EXCLUDE (First_, Last_, Width_), {steps} FROM {ends}"))


def bag(engine, lets, table, step):
    """An object of all values in a group, by their keys."""
    name, key, value, group = MAKE_BAG.search(step).groups()
    values = f"json_group_object({key}, {value}) AS {name}"
    return engine.keep(engine.connection.sql(f"SELECT {group}, {values} FROM {table} GROUP BY {group}"))


def columns_of_a_bag(engine, lets, table, step):
    """A column for each key that an object has, after the other columns."""
    name, prefix = BAG_UNPACK.search(step).groups()
    keys = engine.connection.sql(f"SELECT DISTINCT unnest(json_keys({name})) AS key FROM {table} ORDER BY key")
    columns = [f", json_extract({name}, '$.\"{key}\"') AS \"{prefix}{key}\"" for (key,) in keys.fetchall()]
    return engine.keep(engine.connection.sql(f"SELECT * EXCLUDE ({name}){''.join(columns)} FROM {table}"))


def split(text, mark):
    """The parts of KQL between marks that stand in no brackets and in no text."""
    parts, depth, quote = [""], 0, None
    for character in text:
        if quote:
            quote = None if character == quote else quote
        elif character in "\"'":
            quote = character
        depth += (not quote) * ((character in "([{") - (character in ")]}"))
        if character == mark and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def plain(value, kind):
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if str(kind) == "JSON" and value is not None:
        return json.loads(value)
    return value


NEIGHBOUR = re.compile(r"\b(next|prev)\((\w+)\)")
RANGE = re.compile(r"^\s*mv-expand (\w+) = range\((.*)\) to typeof\(datetime\)\s*$", re.DOTALL)
MAKE_BAG = re.compile(r"^\s*summarize (\w+) = make_bag\(bag_pack\((\w+), (\w+)\)\) by (\w+)\s*$")
BAG_UNPACK = re.compile(r'^\s*evaluate bag_unpack\((\w+), "([^"]*)"\)\s*$')
TAKE_NUMBER = re.compile(r"\btake_anyif\(todouble\((\w+)\), ([^()]*)\)")
TAKE_TEXT = re.compile(r"\btake_anyif\(tostring\((\w+)\), ([^()]*)\)")

# In other words of KQL: the same where an event has one of each key.
BY_WORDS = [
    ("take_any(*)", re.compile(r"\btake_any\(\*\)"), "arg_max(TimeStamp, *)"),
    ("count_distinct", re.compile(r"\bcount_distinct\("), "dcount("),
    ("take_anyif", TAKE_NUMBER, r"max(iff(\2, todouble(\1), real(null)))"),
    ("take_anyif", TAKE_TEXT, r'max(iff(\2, tostring(\1), ""))'),
]

# By DuckDB itself, on what the query has found so far.
BY_DUCKDB = [
    ("next and prev", NEIGHBOUR, neighbours),
    ("range", RANGE, steps_of_a_range),
    ("make_bag", MAKE_BAG, bag),
    ("bag_unpack", BAG_UNPACK, columns_of_a_bag),
]

if __name__ == "__main__":
    main()
