import { expect, it } from 'vitest';
import { ProgressMeter } from '../../../src/training/features/feature-progress.js';

it('counts what comes from the cache and not its speed', () => {
  const meter = new ProgressMeter(100, 40, 0);
  expect(meter.fromCache(60)).toEqual({
    done: 60,
    total: 100,
    cached: 60,
    perSecond: undefined,
    secondsLeft: undefined,
  });
  expect(meter.computed(10, 1000)).toEqual({
    done: 70,
    total: 100,
    cached: 60,
    perSecond: 10,
    secondsLeft: 3,
  });
});

it('forgets how slow the beginning was', () => {
  const meter = new ProgressMeter(1000, 1000, 0);
  meter.computed(10, 10_000);
  for (let second = 11; second < 40; second++) meter.computed(20, second * 1000);
  const { perSecond, secondsLeft, done } = meter.computed(20, 40_000);
  expect(perSecond).toBeCloseTo(20, 6);
  expect(secondsLeft).toBeCloseTo((1000 - done) / 20, 6);
});
