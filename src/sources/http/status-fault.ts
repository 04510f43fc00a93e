/** Statuses that are no success, as faults that say what helps. */
import { type FaultKind, SourceFault } from '../remote-file.js';

/** What a response says besides its body. Header names are in lower case. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export function header(head: ResponseHead, name: string): string | undefined {
  const value = head.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The fault that a status of 400 and above, or an unexpected one below, stands for. */
export function statusFault(label: string, head: ResponseHead): SourceFault {
  const { status } = head;
  return new SourceFault(kindOf(status), `${label}: the server answered ${status}${meaning(status)}`, {
    status,
    retryAfterMs: retryAfterMs(header(head, 'retry-after')),
  });
}

function kindOf(status: number): FaultKind {
  if (status === 429 || status === 503) return 'busy';
  if (status === 416) return 'no-ranges';
  if (status === 401 || status === 403 || status === 410) return 'expired';
  if (status === 404) return 'missing';
  if (status === 408 || status === 425 || status >= 500) return 'broken';
  if (status >= 400) return 'refused';
  return status >= 300 ? 'refused' : 'wrong';
}

function meaning(status: number): string {
  switch (status) {
    case 401:
      return ' (a token is needed)';
    case 403:
      return ' (not allowed, or the address has expired)';
    case 404:
      return ' (no such file)';
    case 407:
      return ' (the proxy asks for a password)';
    case 410:
      return ' (gone, or the address has expired)';
    case 416:
      return ' (it does not have that range)';
    case 429:
      return ' (too many requests)';
    case 503:
      return ' (overloaded)';
    default:
      return '';
  }
}

/**
 * `Retry-After` in milliseconds, from seconds or an HTTP date; never below zero.
 * @returns undefined when there is none or it can't be read.
 */
export function retryAfterMs(value: string | undefined, now: number = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // RFC 9110 §5.6.7: every date form begins with the name of a day. Date.parse takes much more than that.
  if (!/^(mon|tue|wed|thu|fri|sat|sun)/i.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
