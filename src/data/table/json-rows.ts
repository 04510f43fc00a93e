/** JSON lines: an object a line. */
import { ZooError } from '../../core/errors.js';
import { type Cell, emptyCells, LONGEST_ROW, type TableRow } from './table-row.js';

/**
 * @param name of the file, for messages.
 * @throws ZooError `DATA`, with file and line, for what is no object of texts, numbers and lists of these.
 */
export async function* jsonRows(name: string, text: AsyncIterable<string>): AsyncGenerator<TableRow> {
  let line = 0;
  let rest = '';
  for await (const chunk of text) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_ROW) {
      throw new ZooError('DATA', `${name}:${line + lines.length + 1} is too long for a row`, {
        expected: `at most ${LONGEST_ROW} characters`,
      });
    }
    for (const content of lines) {
      line += 1;
      if (content.trim() !== '') yield { line, cells: jsonCells(`${name}:${line}`, content) };
    }
  }
  if (rest.trim() !== '') yield { line: line + 1, cells: jsonCells(`${name}:${line + 1}`, rest) };
}

function jsonCells(place: string, text: string): Record<string, Cell> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ZooError('DATA', `${place} is not JSON`, {
      found: text.slice(0, 80),
      hint: 'JSON lines hold one object a line.',
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ZooError('DATA', `${place} is not an object`, {
      expected: '{"column": value, …}',
      found: text.slice(0, 80),
    });
  }
  const cells = emptyCells();
  for (const [column, content] of Object.entries(value)) {
    const cell = jsonCell(content);
    if (cell === undefined) {
      throw new ZooError('DATA', `${place}: ${JSON.stringify(column)} is neither text nor a number`, {
        expected: 'text, a number, true, false, null or a list of these',
        found: JSON.stringify(content).slice(0, 80),
      });
    }
    cells[column] = cell;
  }
  return cells;
}

function jsonCell(value: unknown): Cell | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const cells = value.map(jsonCell);
  return cells.every((cell) => typeof cell === 'string') ? cells : undefined;
}
