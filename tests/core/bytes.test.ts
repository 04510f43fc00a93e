import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseBytes } from '../../src/core/bytes.js';

describe('parseBytes', () => {
  it.each([
    ['50MB', 50_000_000],
    ['1.5 GiB', 1_610_612_736],
    ['800k', 800_000],
    ['1024', 1024],
    ['10MB/s', 10_000_000],
    [' 2 tb ', 2e12],
  ])('reads %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  it.each(['', 'MB', '-5MB', '0', '5 furlongs', '1e99TB', '1,5GB', 'NaN'])('refuses %j', (text) => {
    expect(() => parseBytes(text)).toThrow(expect.objectContaining({ code: 'USAGE', exitCode: 2 }));
  });
});

describe('formatting', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [14_212_972, '14.2 MB'],
    [999_600, '1.00 MB'],
    [9_996_000, '10.0 MB'],
    [102_679_594, '103 MB'],
    [1_234_000_000_000_000, '1234 TB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0.4, '0s'],
    [59.6, '1m00s'],
    [125, '2m05s'],
    [3725, '1h02m'],
  ])('writes %d seconds as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});
