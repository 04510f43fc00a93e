/**
 * Which licences the zoo takes: those that let anybody use, change and pass on the weights for any purpose.
 * Everything else is refused with its reason, unless the user allows that licence by name.
 */
import parseSpdx, { type Info } from 'spdx-expression-parse';
import { ZooError } from '../core/errors.js';
import type { Card } from './card.js';
import { cardId } from './card-names.js';

export type LicenseVerdict =
  /** `via` names the licence that the user allowed, when the verdict rests on that. */
  { readonly free: true; readonly via?: string } | { readonly free: false; readonly reason: string };

/** SPDX identifiers of free licences, whole or by family; versions within a family differ, its freedom does not. */
const FREE = [
  /^(MIT|MIT-0|MIT-CMU|MIT-Modern-Variant|X11|ISC|0BSD|Zlib|zlib-acknowledgement|libpng-2\.0|NCSA|HPND|PSF-2\.0|Python-2\.0)$/,
  /^BSD-(1-Clause|2-Clause|3-Clause|4-Clause|2-Clause-Patent|3-Clause-Clear|3-Clause-LBNL|Source-Code)$/,
  /^Apache-(1\.1|2\.0)$/,
  /^(Unlicense|CC0-1\.0|CC-PDM-1\.0|CC-PDDC|PDDL-1\.0|WTFPL|BSL-1\.0|BlueOak-1\.0\.0|UPL-1\.0|AFL-3\.0|ECL-2\.0|MS-PL|MS-RL)$/,
  /^CC-BY(-SA)?-\d\.\d(-[A-Z]+)?$/,
  /^(ODC-By-1\.0|ODbL-1\.0|CDLA-Permissive-[12]\.0|CDLA-Sharing-1\.0|DL-DE-(BY|ZERO)-2\.0|OGL-UK-[123]\.0|etalab-2\.0)$/,
  /^MPL-(1\.1|2\.0|2\.0-no-copyleft-exception)$/,
  /^(L|A)?GPL-\d\.\d(-only|-or-later|\+)?$/,
  /^GFDL-1\.[123]-no-invariants(-only|-or-later)$/,
  /^(EPL-[12]\.0|EUPL-1\.[012]|CECILL-(2\.0|2\.1|B|C)|CDDL-1\.[01]|OSL-3\.0|MulanPSL-2\.0)$/,
  /^(Artistic-2\.0|OFL-1\.[01](-RFN|-no-RFN)?|LPPL-1\.3c|Vim|PostgreSQL|TCL|W3C|ICU|Unicode-3\.0|Unicode-DFS-2016)$/,
];

/** The SPDX identifiers in an expression, without operators and exceptions; none when it can't be read. */
export function licenseIds(expression: string): string[] {
  const ids: string[] = [];
  const collect = (node: Info): void => {
    if ('conjunction' in node) {
      collect(node.left);
      collect(node.right);
    } else ids.push(node.license);
  };
  const tree = readExpression(expression);
  if (tree !== undefined) collect(tree);
  return [...new Set(ids)];
}

/**
 * Judges an SPDX expression: with OR one side must be free, with AND both.
 * @param allowed licences that the user takes responsibility for: identifiers, or a whole expression as written.
 */
export function judgeLicense(
  expression: string | undefined,
  allowed: readonly string[] = [],
): LicenseVerdict {
  if (expression === undefined || expression.trim() === '')
    return { free: false, reason: 'no licence is stated' };
  const accepted = new Set(allowed.map((text) => text.trim().toLowerCase()));
  if (accepted.has(expression.trim().toLowerCase())) return { free: true, via: expression.trim() };
  const tree = readExpression(expression);
  if (tree === undefined) {
    return { free: false, reason: `${JSON.stringify(expression)} is not an SPDX licence expression` };
  }
  return judge(tree, accepted);
}

/** Expressions read before: a million cards have a few dozen. */
const readBefore = new Map<string, Info | undefined>();
const MAX_READ_BEFORE = 1000;

function readExpression(expression: string): Info | undefined {
  if (readBefore.has(expression)) return readBefore.get(expression);
  let tree: Info | undefined;
  try {
    tree = parseSpdx(expression.trim());
  } catch {
    // The parser only tells the offset; which licence is meant stays unknown, and unknown is refused.
  }
  if (readBefore.size >= MAX_READ_BEFORE) readBefore.clear();
  readBefore.set(expression, tree);
  return tree;
}

function judge(node: Info, accepted: ReadonlySet<string>): LicenseVerdict {
  if ('conjunction' in node) {
    const left = judge(node.left, accepted);
    const right = judge(node.right, accepted);
    if (node.conjunction === 'and') {
      if (!left.free) return left;
      return right.free && right.via === undefined ? left : right;
    }
    if (!left.free && !right.free) return { free: false, reason: `${left.reason}, and ${right.reason}` };
    // A side that is free by itself needs nobody's permission.
    if (!left.free) return right;
    return left.via !== undefined && right.free ? right : left;
  }
  const id = node.license;
  if (FREE.some((pattern) => pattern.test(id))) return { free: true };
  if (accepted.has(id.toLowerCase())) return { free: true, via: id };
  return { free: false, reason: `${id} ${whyNot(id)}` };
}

function whyNot(id: string): string {
  if (/-NC\b|NonCommercial|Noncommercial|-NC-/i.test(id)) return 'forbids commercial use';
  if (/-ND\b|NoDerivs/i.test(id)) return 'forbids changed versions, such as a fine-tuned network';
  if (/RAIL/i.test(id)) return 'restricts what the network may be used for';
  if (/research|academic/i.test(id)) return 'allows research only';
  if (/^(LicenseRef|DocumentRef)-/.test(id)) return 'is a licence of its own that nobody here has judged';
  return 'is not on the list of free licences';
}

/** One licence of a card that is not free. */
export interface LicenseProblem {
  /** What the licence covers: `weights`, a file's path, or the base model. */
  readonly subject: string;
  readonly license: string;
  readonly reason: string;
}

/**
 * Every licence of a card that is refused: of the weights, of single files, and of its base model when that card
 * is at hand. The licence of the code around the weights is not judged: no code is fetched.
 */
export function licenseProblems(
  card: Card,
  allowed: readonly string[] = [],
  base?: Pick<Card, 'license'>,
): LicenseProblem[] {
  const subjects: [string, string][] = [['weights', card.license.weights]];
  for (const file of card.files) if (file.license !== undefined) subjects.push([file.path, file.license]);
  if (base !== undefined) subjects.push(['base model', base.license.weights]);
  const problems: LicenseProblem[] = [];
  for (const [subject, license] of subjects) {
    const verdict = judgeLicense(license, allowed);
    if (!verdict.free) problems.push({ subject, license, reason: verdict.reason });
  }
  return problems;
}

/**
 * Returns when everything that the card brings is freely licensed or allowed.
 * @throws ZooError `LICENSE` with the first reason.
 */
export function requireFreeLicense(
  card: Card,
  allowed: readonly string[] = [],
  base?: Pick<Card, 'license'>,
): void {
  const problem = licenseProblems(card, allowed, base)[0];
  if (problem === undefined) return;
  throw new ZooError(
    'LICENSE',
    `${cardId(card)} is refused: the licence of its ${problem.subject} is not free: ${problem.reason}`,
    {
      expected: 'a free licence, such as MIT, Apache-2.0 or CC-BY-4.0',
      found: problem.license,
      hint: `If its terms suit you, repeat with --allow-license ${shellWord(problem.license)}`,
    },
  );
}

function shellWord(text: string): string {
  return /^[\w.+-]+$/.test(text) ? text : `'${text.replaceAll("'", '')}'`;
}
