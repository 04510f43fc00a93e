/** The tables of an evaluation on a terminal. */
import type { EvaluationReport } from '../training/evaluate/report.js';
import { reportTables } from '../training/evaluate/report-tables.js';
import { renderTable } from './table.js';
import type { Terminal } from './terminal.js';

export function printReport(report: EvaluationReport, terminal: Terminal): void {
  for (const [index, { title, columns, rows }] of reportTables(report).entries()) {
    if (index > 0) terminal.print('');
    terminal.print(terminal.colours.bold(title));
    const shown = columns.map(({ name, align }, column) => ({ title: name, align, flexible: column === 0 }));
    terminal.print(renderTable(shown, rows, terminal));
  }
}
