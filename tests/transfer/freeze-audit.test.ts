import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Network } from '../../src/formats/network.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { hashParameters, startFreezeAudit } from '../../src/transfer/freeze-audit.js';
import { openNetwork } from '../../src/transfer/open-network.js';
import { thrownBy } from '../support/thrown-by.js';
import { tinyImageNetwork } from './tiny-network.js';

let network: Network;

beforeEach(async () => {
  const { folder, card } = await tinyImageNetwork();
  network = await openNetwork(folder, card);
});

afterEach(() => network.dispose());

const named = (part: string) => {
  const parameter = [...network.parameters.values()].find(({ name }) => name.includes(part));
  if (parameter === undefined) throw new Error(`no parameter ${part}`);
  return parameter;
};

it('says nothing when nothing has changed, and holds no tensor', async () => {
  const before = tf.memory().numTensors;
  const audit = await startFreezeAudit(network);
  const input = tf.ones([2, 8, 8, 3]);
  tf.dispose([input, ...(await network.run(input))]);
  await audit.verify();
  expect(audit.tensors).toBe(network.parameters.size);
  expect(audit.tensors).toBe(4);
  expect(tf.memory().numTensors).toBe(before);
});

it('names the tensor in which one number changed in its last bit', async () => {
  const audit = await startFreezeAudit(network);
  const { name, value } = named('conv/kernel');
  const numbers = (await value.data()).slice();
  const bits = new Uint32Array(numbers.buffer);
  bits[17] = (bits[17] ?? 0) ^ 1;
  network.assign(name, tf.tensor(numbers, value.shape));
  const error = await thrownBy(() => audit.verify());
  expect(error).toMatchObject({ code: 'FAILED', found: `changed: ${name}` });
});

it('sees a tensor of the same numbers in another shape, and one that is gone', async () => {
  const before = await hashParameters(network);
  network.truncate(['pool']);
  const after = await hashParameters(network);
  expect(after.size).toBe(2);
  for (const [name, digest] of after) expect(digest).toBe(before.get(name));
  const [flat, square] = [[4], [2, 2]].map((shape) => {
    const value = tf.tensor([1, 2, 3, 4], shape);
    const parameter = { name: 'w', shape, dtype: 'float32' as const, trainable: true, value };
    return { ...network, parameters: new Map([['w', parameter]]) };
  });
  const digests = await Promise.all([flat, square].map((one) => hashParameters(one as unknown as Network)));
  expect(digests[0]?.get('w')).not.toBe(digests[1]?.get('w'));
});

it('watches only what is said to be frozen', async () => {
  const head = named('classes/kernel');
  const audit = await startFreezeAudit(network, (name) => name.includes('conv'));
  expect(audit.tensors).toBe(2);
  network.assign(head.name, tf.zeros([4, 3]));
  await audit.verify();
  const bias = named('conv/bias');
  network.assign(bias.name, tf.ones([4]));
  expect((await thrownBy(() => audit.verify())).found).toBe(`changed: ${bias.name}`);
});

it('sees a dropped tensor as a change', async () => {
  const audit = await startFreezeAudit(network);
  network.truncate(['pool']);
  expect((await thrownBy(() => audit.verify())).found).toMatch(/classes/);
});
