/** Reading the values of options: what a person typed, to what the library takes. */
import { parseBytes } from '../core/bytes.js';
import { ZooError } from '../core/errors.js';
import type { OptionSpec, OptionValues } from './command.js';

/** Options that several commands share; each command lists those it takes. */
export const JSON_OPTION: OptionSpec = { flags: '--json', description: 'print one JSON document' };
export const OFFLINE_OPTION: OptionSpec = {
  flags: '--offline',
  description: 'use the cache only, no network',
};

export function flag(options: OptionValues, name: string): boolean {
  return options[name] === true;
}

export function text(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function texts(options: OptionValues, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
}

/** A size such as `50MB`, in bytes. */
export function bytes(options: OptionValues, name: string): number | undefined {
  const value = text(options, name);
  return value === undefined ? undefined : parseBytes(value);
}

/** The option as it is typed: `maxAge` as `--max-age`. */
export function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A whole number of at least `minimum`. */
export function count(options: OptionValues, name: string, minimum = 1): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < minimum) {
    throw new ZooError('USAGE', `${dashed(name)} takes a whole number of at least ${minimum}`, {
      found: value,
    });
  }
  return number;
}

/** A number from `least` to `most`. */
export function number(options: OptionValues, name: string, least: number, most: number): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const read = value.trim() === '' ? Number.NaN : Number(value);
  if (read >= least && read <= most) return read;
  throw new ZooError('USAGE', `${dashed(name)} takes a number`, {
    expected: `${least} to ${most}`,
    found: value,
  });
}

/** One of a closed list of words. */
export function choice<T extends string>(
  options: OptionValues,
  name: string,
  words: readonly T[],
): T | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) {
    throw new ZooError('USAGE', `${dashed(name)} does not know ${JSON.stringify(value)}`, {
      expected: words.join(', '),
      found: value,
    });
  }
  return word;
}
