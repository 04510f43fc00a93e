/** The command for each runtime that may be found damaged. */
import { expect, it } from 'vitest';
import { mendCommand } from '../../src/runtime/mend-command.js';
import { readOffers } from '../../src/runtime/offers.js';

const HERE = `${process.platform}-${process.arch}`;
const { default: usual, offers } = readOffers();
const isOffered = (device: string) => offers.some((one) => one.platform === HERE && one.device === device);

it.skipIf(!isOffered('cpu'))('installs the same version again', () => {
  expect(mendCommand(`${usual}-cpu-${HERE}`)).toBe('zoo runtime install');
  expect(mendCommand(`${usual}-cpu-${HERE}`, { force: true })).toBe('zoo runtime install --force');
  expect(mendCommand(`2.21.0-cpu-${HERE}`)).toBe('zoo runtime install --version 2.21.0');
});

it.skipIf(!isOffered('gpu'))('installs the same one for GPUs again', () => {
  expect(mendCommand(`${usual}-gpu-${HERE}`)).toBe('zoo runtime install --gpu');
  expect(mendCommand(`2.20.0-gpu-${HERE}`, { force: true })).toBe(
    'zoo runtime install --gpu --version 2.20.0 --force',
  );
});

it.each(['2.9.1-cpu-linux-x64', `${usual}-cpu-plan9-x64`, 'notes'])(
  'removes %s, which is not on offer here',
  (name) => {
    expect(mendCommand(name)).toBe(`zoo runtime remove ${name}`);
    expect(mendCommand(name, { force: true })).toBe(`zoo runtime remove ${name}`);
  },
);

it('removes one of another platform, whose files would not be fetched here', () => {
  const other = offers.find(({ platform }) => platform !== HERE);
  const name = `${other?.tensorflow}-cpu-${other?.platform}`;
  expect(mendCommand(name)).toBe(`zoo runtime remove ${name}`);
});
