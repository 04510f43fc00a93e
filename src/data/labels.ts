/** The order of labels: it numbers the classes, so it must be the same everywhere. */
import type { Example } from './dataset.js';

/** Every label once: by value where all are numbers, else by their code units, whatever the machine's language is. */
export function sortLabels(labels: Iterable<string>): string[] {
  const once = Array.from(new Set(labels));
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  if (once.every(isNumber)) return once.sort((a, b) => Number(a) - Number(b) || byText(a, b));
  return once.sort(byText);
}

export function labelsOf(examples: readonly Example[]): string[] {
  return sortLabels(examples.flatMap((example) => example.labels));
}

function isNumber(label: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(label);
}
