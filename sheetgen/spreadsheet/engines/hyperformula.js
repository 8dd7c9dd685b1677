// Recalculates workbooks with HyperFormula.
//
//     node hyperformula.js                                  prints the version
//     node hyperformula.js (workbook.json values.json)...
//
// hyperformula.py writes the one file and reads the other, and says what is in them.

"use strict";

const fs = require("fs");
const path = require("path");

// Where `npm install --global` puts packages, which Node itself does not search.
const GLOBAL = [
  path.resolve(process.execPath, "..", "..", "lib"),
  "/usr/local/lib",
  path.join(process.env.APPDATA || "/", "npm"),
];

function loaded(name) {
  try {
    return require(name);
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return require(require.resolve(name, { paths: GLOBAL }));
  }
}

const { HyperFormula } = loaded("hyperformula");

// Those of https://hyperformula.handsontable.com/guide/compatibility-with-microsoft-excel.html,
// and no rounding of its own.
const SETTINGS = {
  licenseKey: "gpl-v3",
  evaluateNullToZero: true,
  leapYear1900: true,
  maxRows: 1048576,
  maxColumns: 16384,
  nullDate: { year: 1899, month: 12, day: 31 },
  smartRounding: false,
  precisionEpsilon: 0,
  useArrayArithmetic: true,
};

// A name that HyperFormula does not take, such as a print area, is no name for it.
function possibleNames(names) {
  const empty = HyperFormula.buildEmpty(SETTINGS);
  return names.filter(({ name, expression }) =>
    empty.isItPossibleToAddNamedExpression(name, expression),
  );
}

function rowsOf(cells) {
  const rows = [];
  for (const [row, column, content] of cells) {
    while (rows.length <= row) rows.push([]);
    rows[row][column] = content;
  }
  return rows;
}

function shown(value) {
  return value !== null && typeof value === "object" ? value.value : value;
}

function recalculated({ sheets, names }) {
  const contents = {};
  for (const { name, cells } of sheets) contents[name] = rowsOf(cells);
  const engine = HyperFormula.buildFromSheets(contents, SETTINGS, possibleNames(names));
  return sheets.map(({ name, cells }) => {
    const sheet = engine.getSheetId(name);
    return cells.map(([row, col]) => shown(engine.getCellValue({ sheet, row, col })));
  });
}

const files = process.argv.slice(2);
if (files.length === 0) process.stdout.write(HyperFormula.version);
for (let at = 0; at < files.length; at += 2) {
  const workbook = JSON.parse(fs.readFileSync(files[at], "utf8"));
  fs.writeFileSync(files[at + 1], JSON.stringify(recalculated(workbook)));
}
