/** Runs a tiny network as a native graph, and prints what came out: the first session of a process of its own. */
import { nativeForward } from '../../src/graph/native-forward.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { openNetwork } from '../../src/transfer/open-network.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { tinyImageNetwork } from '../transfer/tiny-network.js';

const { folder, card } = await tinyImageNetwork();
const network = await openNetwork(folder, card);
const cuts = network.outputs.map(({ name }) => name);
const native = await nativeForward(network, cuts, {
  onRefusal: (reason) => {
    throw new Error(reason);
  },
});
const inputs = network.inputs.map(({ name, shape }) => [name, tf.zeros(shape.map((size) => size ?? 1))]);
const [output] = (await native?.run(Object.fromEntries(inputs))) ?? [];
process.stdout.write(`graph of ${native?.cuts.length} output: ${output?.shape.join(' x ')}\n`);
await removeTemporaryFolders();
