import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/core/pieces.js';
import { checkResponse } from '../../../src/sources/http/check-response.js';
import { SourceFault } from '../../../src/sources/remote-file.js';

const SPAN = { start: 100, end: 200 };

function check(
  status: number,
  headers: Record<string, string>,
  options: { span?: Span | undefined; size?: number } = { span: SPAN },
) {
  return checkResponse('src', { status, headers }, options.span, options.size);
}

function faultOf(...parameters: Parameters<typeof check>): SourceFault {
  try {
    check(...parameters);
  } catch (error) {
    if (error instanceof SourceFault) return error;
  }
  throw new Error('no fault');
}

describe('a range that is right', () => {
  it.each([
    ['as asked', 'bytes 100-199/1000', 200, 1000],
    ['of unknown total', 'bytes 100-199/*', 200, undefined],
    ['in other letters', 'Bytes 100-199/1000', 200, 1000],
    ['clamped to the end of the file', 'bytes 100-149/150', 150, 150],
  ])('%s', (_, range, end, total) => {
    expect(check(206, { 'content-range': range })).toEqual({ start: 100, end, total });
  });

  it('with its length, and without compression', () => {
    const headers = {
      'content-range': 'bytes 100-199/*',
      'content-length': '100',
      'content-encoding': 'identity',
    };
    expect(check(206, headers).end).toBe(200);
  });
});

describe('a range that is wrong', () => {
  it.each([
    ['none', undefined],
    ['another unit', 'items 100-199/1000'],
    ['another start', 'bytes 99-199/1000'],
    ['a later end', 'bytes 100-200/1000'],
    ['an earlier end, though there is more', 'bytes 100-150/1000'],
    ['an earlier end of an unknown whole', 'bytes 100-150/*'],
    ['unsatisfied', 'bytes */1000'],
    ['no number', 'bytes 100-1e3/1000'],
    ['two', 'bytes 100-199/1000, 100-199/1000'],
  ])('%s', (_, range) => {
    expect(faultOf(206, range === undefined ? {} : { 'content-range': range }).kind).toBe('wrong');
  });

  it.each([
    ['another length', { 'content-length': '99' }, 'wrong'],
    ['a length that is no number', { 'content-length': '1e2' }, 'wrong'],
    ['compression', { 'content-encoding': 'br' }, 'wrong'],
    ['several parts', { 'content-type': 'multipart/byteranges; boundary=x' }, 'wrong'],
    ['a page', { 'content-type': 'Text/HTML; charset=utf-8' }, 'wrong'],
  ])('with %s', (_, headers, kind) => {
    expect(faultOf(206, { 'content-range': 'bytes 100-199/1000', ...headers }).kind).toBe(kind);
  });

  it('of a file of another size', () => {
    const fault = faultOf(206, { 'content-range': 'bytes 100-199/1000' }, { span: SPAN, size: 1001 });
    expect(fault.kind).toBe('missing');
    expect(fault.message).toContain('1000 bytes where 1001 are expected');
  });

  it('although the whole file was asked for', () => {
    expect(faultOf(206, { 'content-range': 'bytes 0-9/10' }, { span: undefined }).kind).toBe('wrong');
  });
});

describe('the whole file', () => {
  it('is read from 0, also when a range was asked for', () => {
    expect(check(200, { 'content-length': '1000' })).toEqual({ start: 0, end: 1000, total: 1000 });
    expect(check(200, {}, { span: undefined, size: 7 })).toEqual({ start: 0, end: 7, total: 7 });
    expect(check(200, {}, { span: undefined })).toEqual({ start: 0, end: undefined, total: undefined });
  });

  it('of another size is another file', () => {
    expect(faultOf(200, { 'content-length': '8' }, { span: undefined, size: 7 }).kind).toBe('missing');
  });
});

describe('a status that is no success', () => {
  it.each([
    [401, 'expired'],
    [403, 'expired'],
    [410, 'expired'],
    [404, 'missing'],
    [400, 'refused'],
    [407, 'refused'],
    [451, 'refused'],
    [408, 'broken'],
    [416, 'no-ranges'],
    [429, 'busy'],
    [503, 'busy'],
    [500, 'broken'],
    [502, 'broken'],
    [504, 'broken'],
    [204, 'wrong'],
    [304, 'refused'],
  ])('%i is %s', (status, kind) => {
    const fault = faultOf(status, {});
    expect(fault.kind).toBe(kind);
    expect(fault.status).toBe(status);
  });

  it('416 that gives another size means another file', () => {
    const fault = faultOf(416, { 'content-range': 'bytes */50' }, { span: SPAN, size: 1000 });
    expect(fault.kind).toBe('missing');
    const same = faultOf(416, { 'content-range': 'bytes */1000' }, { span: SPAN, size: 1000 });
    expect(same.kind).toBe('no-ranges');
  });
});
