// Checks queries and commands with the language service that Microsoft's own editors use.
//
// Usage: node check_kql.mjs TABLES.kql FILE...
//
// TABLES.kql creates the tables that everything is checked against, and is checked itself. FILE is another script, or
// Markdown, of which every ```kusto fence is checked. In a script, and in a fence that begins with a dot, blank lines
// separate the commands.
//
// Ends with 1 if anything has an error or a warning, and says what and where.

import { readFileSync } from 'node:fs';
import { load } from './load.mjs';

load('@kusto/language-service-next/bridge.min.js');
load('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
const { GlobalState, KustoCode, Symbols, Syntax } = globalThis.Kusto.Language;

// What a Data Explorer script may run: learn.microsoft.com, "Configure a database using a KQL script".
const SCRIPT_VERBS = ['.create', '.create-or-alter', '.create-merge', '.alter', '.alter-merge'];
const CREATE_TABLE = /^\.create-merge\s+table\s+(\w+)\s*(\([^()]*\))$/;
const MAPPING = /^\.create-or-alter\s+table\s+(\w+)\s+ingestion\s+json\s+mapping\s+'(\w+)'\s+```\n([\s\S]*)\n```$/;

/** The paragraphs of `lines`, without comments before them: `{ text, file, line }`, lines counted from 1. */
const commands = (lines, file, first) => {
  const found = [];
  let current = null;
  lines.forEach((text, index) => {
    if (text.trim() === '') current = null;
    else if (current) current.text += `\n${text}`;
    else if (!text.startsWith('//')) found.push((current = { text, file, line: first + index }));
  });
  return found;
};

/** The commands of a script, or the queries and commands in the fences of a Markdown file. */
const read = (file) => {
  const lines = readFileSync(file, 'utf8').split(/\r?\n/);
  if (file.endsWith('.kql')) return commands(lines, file, 1).map((part) => ({ ...part, script: true }));
  const found = [];
  let fence = null;
  lines.forEach((text, index) => {
    const mark = /^\s*(```+|~~~+)\s*(\S*)/.exec(text);
    if (fence) {
      if (!mark || mark[2] !== '' || !mark[1].startsWith(fence.mark)) return;
      const inside = lines.slice(fence.line, index);
      if (fence.kusto && inside[0]?.startsWith('.')) found.push(...commands(inside, file, fence.line + 1));
      else if (fence.kusto) found.push({ text: inside.join('\n'), file, line: fence.line + 1 });
      fence = null;
    } else if (mark) {
      if (/^(kql|csl)$/i.test(mark[2])) complain({ file, line: index + 1 }, `a fence says ${mark[2]} instead of kusto`);
      fence = { mark: mark[1], kusto: mark[2] === 'kusto', line: index + 1 };
    }
  });
  if (fence) complain({ file, line: fence.line }, 'a fence has no end');
  return found;
};

let complaints = 0;
const complain = ({ file, line }, message) => {
  complaints += 1;
  console.log(`${file}:${line}: ${message}`);
};

const check = (part, globals) => {
  const code = KustoCode.ParseAndAnalyze(part.text, globals);
  const diagnostics = code.GetDiagnostics();
  for (let index = 0; index < diagnostics.Count; index += 1) {
    const { Severity, Code, Message, Start, Length } = diagnostics.getItem(index);
    if (Severity !== 'Error' && Severity !== 'Warning') continue;
    const line = part.line + part.text.slice(0, Start).split('\n').length - 1;
    complain({ ...part, line }, `${Severity} ${Code} at «${part.text.slice(Start, Start + Length)}»: ${Message}`);
  }
  // The service says nothing of a command that it does not know, nor of what is left over after one.
  const statements = code.Syntax.Statements;
  if (statements.Count === 0) complain(part, 'nothing to check');
  for (let index = 0; code.Kind === 'Command' && index < statements.Count; index += 1) {
    const { Kind } = statements.getItem(index).GetChild(0).GetChild(0);
    if (Kind !== Syntax.SyntaxKind.CustomCommand) complain(part, 'no command that is known, or something after it');
  }
  if (part.script && !SCRIPT_VERBS.includes(part.text.split(/\s/)[0])) complain(part, 'no command for a script');
};

/** A mapping must fill every column of its table from the member of the same name. */
const checkMapping = (part, columns) => {
  const [, table, name, json] = MAPPING.exec(part.text) ?? [];
  if (!table) return;
  if (name !== `${table}_mapping`) complain(part, `the mapping of ${table} is called ${name}`);
  const expected = (columns.get(table) ?? []).map((Column) => ({ Column, Properties: { Path: `$.${Column}` } }));
  let mapping = null;
  try {
    mapping = JSON.parse(json);
  } catch (error) {
    complain(part, `the mapping ${name} is no JSON: ${error.message}`);
    return;
  }
  if (JSON.stringify(mapping) !== JSON.stringify(expected)) complain(part, `${name} is not: ${JSON.stringify(expected)}`);
};

const [tablesFile, ...files] = process.argv.slice(2);
const script = read(tablesFile);
const tables = script.flatMap(({ text }) => {
  const [, name, columns] = CREATE_TABLE.exec(text) ?? [];
  return name ? [Symbols.TableSymbol.From(columns).WithName(name)] : [];
});
if (tables.length === 0) complain({ file: tablesFile, line: 1 }, 'no table is created');
const columns = new Map(
  tables.map((table) => [table.Name, Array.from({ length: table.Columns.Count }, (_, i) => table.Columns.getItem(i).Name)]),
);
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('twins', tables));

let checked = 0;
for (const [file, parts] of [[tablesFile, script], ...files.map((file) => [file, read(file)])]) {
  if (parts.length === 0) complain({ file, line: 1 }, 'nothing to check');
  for (const part of parts) {
    check(part, globals);
    checkMapping(part, columns);
    checked += 1;
  }
}
console.log(`${checked} queries and commands against ${tables.length} tables, ${complaints} complaints`);
process.exit(complaints === 0 ? 0 : 1);
