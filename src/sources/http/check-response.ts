/**
 * What a response must look like before one byte of it is believed. Ranges go wrong in the field in every way
 * that there is: proxies that ignore them, CDNs that compress them, servers that answer with another span.
 */
import type { Span } from '../../core/pieces.js';
import { SourceFault } from '../remote-file.js';
import { header, type ResponseHead, statusFault } from './status-fault.js';

/** Where the body belongs in the file. */
export interface ResponseSpan {
  readonly start: number;
  readonly end: number | undefined;
  readonly total: number | undefined;
}

/**
 * @param span what was asked for; undefined for the whole file.
 * @param size bytes of the whole file, where the caller knows it.
 * @returns the span of the body; it begins at 0 when the server ignored the range and sends everything.
 * @throws SourceFault.
 */
export function checkResponse(
  label: string,
  head: ResponseHead,
  span: Span | undefined,
  size: number | undefined,
): ResponseSpan {
  if (head.status === 416) throw unsatisfiable(label, head, size);
  if (head.status !== 200 && head.status !== 206) throw statusFault(label, head);
  checkIsBinary(label, head);
  const length = contentLength(label, head);
  if (head.status === 200) {
    if (size !== undefined && length !== undefined && length !== size) throw otherSize(label, size, length);
    return { start: 0, end: length ?? size, total: length ?? size };
  }
  if (span === undefined) throw wrong(label, 'a part of the file instead of the whole');
  return checkPartial(label, head, span, size, length);
}

function checkIsBinary(label: string, head: ResponseHead): void {
  const encoding = header(head, 'content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    throw wrong(label, `a body compressed with ${JSON.stringify(encoding.slice(0, 20))}`);
  }
  const type = header(head, 'content-type')?.trim().toLowerCase() ?? '';
  if (type.startsWith('multipart/')) throw wrong(label, 'several ranges in one body');
  if (type.startsWith('text/html') || type.startsWith('application/xhtml+xml')) {
    throw wrong(label, 'an HTML page instead of the file (a log-in portal or a proxy may be in between)');
  }
}

/** RFC 9110 §14.4, with every number compared. */
function checkPartial(
  label: string,
  head: ResponseHead,
  span: Span,
  size: number | undefined,
  length: number | undefined,
): ResponseSpan {
  const range = header(head, 'content-range') ?? '';
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(range.trim());
  if (!match) throw wrong(label, `Content-Range ${JSON.stringify(range.slice(0, 80))}`);
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? undefined : Number(match[3]);
  if (total !== undefined && size !== undefined && total !== size) throw otherSize(label, size, total);
  // A server may clamp the end to the end of the file, but then it has to say where that is.
  const due = total === undefined ? span.end : Math.min(span.end, total);
  if (start !== span.start || end !== due) {
    throw wrong(label, `bytes ${start}-${end - 1} where ${span.start}-${span.end - 1} were asked for`);
  }
  if (length !== undefined && length !== end - start) {
    throw wrong(label, `Content-Length ${length} for ${end - start} bytes`);
  }
  return { start, end, total };
}

function contentLength(label: string, head: ResponseHead): number | undefined {
  const value = header(head, 'content-length');
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw wrong(label, 'a Content-Length that is no number');
  return Number(value);
}

/** 416 either means that the file is shorter than promised, or that the server doesn't do ranges well. */
function unsatisfiable(label: string, head: ResponseHead, size: number | undefined): SourceFault {
  const total = /^bytes \*\/(\d{1,15})$/i.exec(header(head, 'content-range')?.trim() ?? '')?.[1];
  if (total !== undefined && size !== undefined && Number(total) !== size) {
    return otherSize(label, size, Number(total));
  }
  return statusFault(label, head);
}

function otherSize(label: string, expected: number, found: number): SourceFault {
  return new SourceFault('missing', `${label}: another file: ${found} bytes where ${expected} are expected`);
}

function wrong(label: string, what: string): SourceFault {
  return new SourceFault('wrong', `${label}: the server sent ${what}`);
}
