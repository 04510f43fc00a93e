/** A report laid out as tables of text, for a terminal or a page. */
import type {
  ClassificationReport,
  ClassReport,
  EvaluationReport,
  MultiLabelReport,
  RegressionReport,
} from './report.js';

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
}

/** Wider confusion matrices don't fit a terminal: the most frequent confusions are listed instead. */
const WIDEST_CONFUSION = 12;
const MOST_CONFUSIONS = 10;

export function reportTables(report: EvaluationReport): ReportTable[] {
  switch (report.task) {
    case 'classification':
      return classificationTables(report);
    case 'multi-label':
      return multiLabelTables(report);
    case 'regression':
      return regressionTables(report);
  }
}

function classificationTables(report: ClassificationReport): ReportTable[] {
  const { interval } = report;
  const summary = [
    ['examples', String(report.examples)],
    ['accuracy', `${percent(report.accuracy)} (95 %: ${percent(interval.low)} to ${percent(interval.high)})`],
    ...report.topK.map(({ k, accuracy }) => [`among the top ${k}`, percent(accuracy)]),
    ['balanced accuracy', percent(report.balancedAccuracy)],
    ['macro F1', percent(report.macro.f1)],
    ['log loss', report.logLoss.toFixed(3)],
    ['Brier score', report.brier.toFixed(3)],
    ['calibration error', percent(report.calibration.error)],
  ];
  const mistakes = report.mistakes.map(({ name, label, predicted, confidence }) => [
    name,
    label,
    predicted,
    percent(confidence),
  ]);
  return [
    table('Summary', ['', 'value'], summary),
    classTable(report.classes, []),
    confusionTable(report),
    ...filled(table('Most confident mistakes', ['example', 'is', 'taken for', 'confidence'], mistakes, 3)),
  ];
}

function classTable(classes: readonly ClassReport[], more: readonly (readonly string[])[]): ReportTable {
  const names = ['class', 'examples', 'precision', 'recall', 'F1', ...(more.length > 0 ? ['AP'] : [])];
  const rows = classes.map(({ label, support, precision, recall, f1 }, index) => [
    label,
    String(support),
    percent(precision),
    percent(recall),
    percent(f1),
    ...(more[index] ?? []),
  ]);
  return table('Classes', names, rows);
}

function confusionTable({ labels, confusion }: ClassificationReport): ReportTable {
  if (labels.length <= WIDEST_CONFUSION) {
    const rows = confusion.map((row, index) => [
      labels[index] ?? '',
      ...row.map((n) => (n === 0 ? '·' : String(n))),
    ]);
    return table('Confusion: rows are true, columns predicted', ['', ...labels], rows);
  }
  const pairs = confusion.flatMap((row, actual) =>
    row.flatMap((count, predicted) =>
      actual === predicted || count === 0 ? [] : [{ actual, predicted, count }],
    ),
  );
  const rows = pairs
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_CONFUSIONS)
    .map(({ actual, predicted, count }) => [labels[actual] ?? '', labels[predicted] ?? '', String(count)]);
  return table('Most frequent confusions', ['is', 'taken for', 'times'], rows, 2);
}

function multiLabelTables(report: MultiLabelReport): ReportTable[] {
  const summary = [
    ['examples', String(report.examples)],
    ['mean average precision', orNone(report.meanAveragePrecision)],
    ['micro F1', percent(report.micro.f1)],
    ['macro F1', percent(report.macro.f1)],
    ['all labels right', percent(report.exactMatch)],
    ['wrong decisions', percent(report.hammingLoss)],
    ['log loss', report.logLoss.toFixed(3)],
    ['Brier score', report.brier.toFixed(3)],
  ];
  const mistakes = report.mistakes.map(({ name, label, applies, probability }) => [
    name,
    label,
    applies ? 'yes' : 'no',
    percent(probability),
  ]);
  return [
    table('Summary', ['', 'value'], summary),
    classTable(
      report.classes,
      report.classes.map((one) => [orNone(one.averagePrecision)]),
    ),
    ...filled(table('Most confident mistakes', ['example', 'label', 'applies', 'probability'], mistakes, 3)),
  ];
}

function regressionTables(report: RegressionReport): ReportTable[] {
  const summary = [
    ['examples', String(report.examples)],
    ['R²', report.r2 === null ? '-' : report.r2.toFixed(3)],
    ['mean absolute error', short(report.meanAbsoluteError)],
    ['root mean squared error', short(report.rootMeanSquaredError)],
    ['mean of predicted minus true', short(report.bias)],
  ];
  const rows = report.mistakes.map(({ name, target, predicted }) => [name, short(target), short(predicted)]);
  return [
    table('Summary', ['', 'value'], summary),
    ...filled(table('Largest errors', ['example', 'true', 'predicted'], rows)),
  ];
}

/** @param texts columns that hold text, from the left; the others hold numbers. */
function table(
  title: string,
  names: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): ReportTable {
  const columns = names.map((name, index) => ({ name, align: index < texts ? 'left' : 'right' }) as const);
  return { title, columns, rows };
}

function filled(one: ReportTable): ReportTable[] {
  return one.rows.length > 0 ? [one] : [];
}

/** `93.4 %`. */
function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function orNone(share: number | null): string {
  return share === null ? '-' : percent(share);
}

/** Four digits that matter. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
