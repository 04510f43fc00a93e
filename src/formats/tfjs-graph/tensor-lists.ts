/**
 * Lists of tensors that are filled inside functions. TensorFlow.js 4.22 keeps the very tensor that a function computed
 * in the list, and frees all tensors of a function when it returns: the list then holds freed ones, and reading it
 * fails. Here the list gets a tensor of its own, which shares the numbers and is freed together with the list.
 */
import * as z from 'zod';
import { type Tensor, tf } from '../../runtime/tensorflow.js';

/** What is used of TensorFlow.js's own list. */
interface TensorList {
  readonly idTensor: Tensor;
  setItem(index: number, tensor: Tensor): void;
  pushBack(tensor: Tensor): void;
}

const listSchema = z.custom<TensorList>(
  (list) =>
    typeof list === 'object' &&
    list !== null &&
    'idTensor' in list &&
    'setItem' in list &&
    'pushBack' in list,
);
/** The execution that an operation runs in; TensorFlow.js has it and does not declare it. */
const nodeSchema = z.object({
  context: z.custom<{ getTensorList(id: number): unknown }>(
    (context) => typeof context === 'object' && context !== null && 'getTensorList' in context,
  ),
});

type GraphNode = Parameters<Parameters<typeof tf.registerOp>[1]>[0];

let registered = false;

/** Replaces the two operations that put a tensor into a list; once a process. */
export function registerTensorLists(): void {
  if (registered) return;
  tf.registerOp('TensorListSetItem', (node) => {
    const [id, index, tensor] = threeInputs(node, 3);
    const list = listOf(node, id);
    list.setItem(index?.dataSync()[0] ?? 0, owned(tensor));
    return [list.idTensor];
  });
  tf.registerOp('TensorListPushBack', (node) => {
    const [id, tensor] = threeInputs(node, 2);
    const list = listOf(node, id);
    list.pushBack(owned(tensor));
    return [list.idTensor];
  });
  registered = true;
}

function threeInputs(node: GraphNode, count: number): (Tensor | undefined)[] {
  if (node.inputs.length < count) throw new TypeError(`A list operation needs ${count} inputs`);
  return node.inputs;
}

function listOf(node: GraphNode, id: Tensor | undefined): TensorList {
  const { context } = nodeSchema.parse(node);
  return listSchema.parse(context.getTensorList(id?.id ?? -1));
}

function owned(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new TypeError('A list was given nothing');
  return tensor.clone();
}
