"""Use LibreOffice as a person does: list tables, load them into a sheet, query, make pivot tables.

This file runs in Debian's Python, which has LibreOffice's module `uno`, and not in the project's
environment. It reads a JSON document from standard input and writes one to standard output.

Input: `user`, `password`, `profile` (a new folder), `tables` (names to load into sheets), `queries`
(name to SQL, in LibreOffice's own dialect), `native` (name to SQL that is sent as it is) and
`pivots` (a list of what `pivot` takes). Output: `listed`, `columns`, `sheets`, `queries`, `native`
and `pivots`.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.sheet import TableFilterField
from com.sun.star.sheet.DataImportMode import QUERY, SQL, TABLE
from com.sun.star.sheet.DataPilotFieldOrientation import COLUMN, DATA, ROW
from com.sun.star.sheet.FilterOperator import EQUAL, GREATER_EQUAL, LESS_EQUAL
from com.sun.star.sheet.GeneralFunction import COUNT, MAX, SUM
from com.sun.star.table import CellAddress

SOURCE = "oic-assurance"
FUNCTIONS = {"sum": SUM, "count": COUNT, "max": MAX}
OPERATORS = {"=": EQUAL, ">=": GREATER_EQUAL, "<=": LESS_EQUAL}
START_SECONDS = 60


def properties(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


class Office:
    """A running LibreOffice without a window, with the ODBC data source registered."""

    def __init__(self, profile, user, password):
        pipe = f"oic-{profile.name}"
        self._process = subprocess.Popen(
            ["soffice", "--headless", "--norestore", "--nologo", "--nodefault",
             f"-env:UserInstallation={profile.as_uri()}", f"--accept=pipe,name={pipe};urp;"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._context = self._connect(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        self._desktop = self._make("com.sun.star.frame.Desktop")
        registered = self._make("com.sun.star.sdb.DatabaseContext")
        database = registered.createInstance()
        database.URL = f"sdbc:odbc:{SOURCE}"
        database.User, database.Password = user, password
        self._database = database
        database.DatabaseDocument.storeAsURL((profile / "assurance.odb").as_uri(), ())
        registered.registerObject(SOURCE, database)
        self.connection = database.getConnection(user, password)
        self.workbook = self._desktop.loadComponentFromURL(
            "private:factory/scalc", "_blank", 0, properties(Hidden=True)
        )

    def close(self):
        try:
            self.workbook.close(False)
            self._desktop.terminate()
        finally:
            self._process.wait(START_SECONDS)

    def new_sheet(self):
        sheets = self.workbook.Sheets
        name = f"sheet {sheets.Count}"
        sheets.insertNewByName(name, sheets.Count)
        return sheets.getByName(name)

    def save_query(self, name, text):
        """Save a query that LibreOffice sends as it is, as *Run SQL command directly* does."""
        queries = self._database.getQueryDefinitions()
        query = queries.createInstance()
        query.Command, query.EscapeProcessing = text, False
        queries.insertByName(name, query)
        self._database.DatabaseDocument.store()

    def load(self, source, kind):
        """Load a table or a query into a new sheet, as Data > Data Sources does."""
        sheet = self.new_sheet()
        sheet.getCellRangeByName("A1").doImport(
            properties(DatabaseName=SOURCE, SourceType=kind, SourceObject=source)
        )
        cursor = sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        end = cursor.RangeAddress
        return sheet.getCellRangeByPosition(0, 0, end.EndColumn, end.EndRow)

    def pivot(self, query, rows, values, columns=(), filters=()):
        """Return the cells of a pivot table over a query.

        `values` has the name of a function for each field. `filters` are lists of a field, a
        comparison and a value.
        """
        data = self.load(query, SQL)
        names = list(data.getDataArray()[0])
        sheet = self.new_sheet()
        tables = sheet.getDataPilotTables()
        table = tables.createDataPilotDescriptor()
        table.setSourceRange(data.RangeAddress)
        table.ColumnGrand = table.RowGrand = table.ShowFilterButton = False
        table.getFilterDescriptor().setFilterFields(
            tuple(self._filter(names.index(field), *rest) for field, *rest in filters)
        )
        fields = table.getDataPilotFields()
        for name in (*rows, *columns):
            field = fields.getByName(name)
            field.Orientation = COLUMN if name in columns else ROW
            field.RepeatItemLabels = True
        for name, function in values.items():
            field = fields.getByName(name)
            field.Orientation = DATA
            field.Function = FUNCTIONS[function]
        name = f"pivot of {sheet.Name}"
        tables.insertNewByName(name, CellAddress(sheet.RangeAddress.Sheet, 0, 0), table)
        place = tables.getByName(name).OutputRange
        cells = sheet.getCellRangeByPosition(
            place.StartColumn, place.StartRow, place.EndColumn, place.EndRow
        )
        return cells.getDataArray()

    def listed(self):
        return self.connection.getTables().getElementNames()

    def columns(self, table):
        """Return each column of a table with its SQL type (of java.sql.Types) and its size."""
        columns = self.connection.getTables().getByName(table).getColumns()
        found = (columns.getByName(name) for name in columns.getElementNames())
        return [[column.Name, column.Type, column.Precision] for column in found]

    @staticmethod
    def _filter(place, comparison, value):
        field = TableFilterField()
        field.Field, field.Operator = place, OPERATORS[comparison]
        field.IsNumeric = not isinstance(value, str)
        if field.IsNumeric:
            field.NumericValue = value
        else:
            field.StringValue = value
        return field

    def _make(self, service):
        return self._context.ServiceManager.createInstanceWithContext(service, self._context)

    def _connect(self, address):
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext(
            "com.sun.star.bridge.UnoUrlResolver", local
        )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return resolver.resolve(address)
            except NoConnectException:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.2)


def main():
    asked = json.load(sys.stdin)
    office = Office(Path(asked["profile"]), asked["user"], asked["password"])
    try:
        for name, text in asked["native"].items():
            office.save_query(name, text)
        listed = office.listed()
        answers = {
            "listed": listed,
            "columns": {name: office.columns(name) for name in listed},
            "sheets": {name: office.load(name, TABLE).getDataArray() for name in asked["tables"]},
            "queries": {
                name: office.load(text, SQL).getDataArray()
                for name, text in asked["queries"].items()
            },
            "native": {name: office.load(name, QUERY).getDataArray() for name in asked["native"]},
            "pivots": {name: office.pivot(**pivot) for name, pivot in asked["pivots"].items()},
        }
    finally:
        office.close()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
