/** Layers of a network worth trying as the place to cut: where something has been recognised, from early to late. */
import type { LayerInfo } from '../formats/network.js';

/** Behind these stands a finished answer of a block: activations, and the outputs of encoder blocks. */
const FINISHED = /relu|activation|elu|gelu|swish|tanh|_Fused(Conv2D|MatMul)|BertOutput|LSTM/i;
/** Fewer channels tell too little about anything. */
const FEWEST_CHANNELS = 16;

/**
 * Evenly spaced over the depth, without the first fifth, which knows edges and little else.
 * @param layers in the order of the forward pass, none behind `last`.
 * @param last the cut that the card or a rule names; it is always among them, as the last.
 * @param most at least 1. Default 6.
 */
export function candidateCuts(layers: readonly LayerInfo[], last: string, most = 6): string[] {
  const end = layers.findIndex(({ name }) => name === last);
  const eligible = layers.slice(0, Math.max(0, end)).filter(({ cut, kind, shape }) => {
    const channels = shape?.at(-1);
    return cut && FINISHED.test(kind) && typeof channels === 'number' && channels >= FEWEST_CHANNELS;
  });
  const deep = eligible.slice(Math.floor(eligible.length / 5));
  const count = Math.min(most - 1, deep.length);
  const chosen = Array.from({ length: count }, (_, index) => {
    const at = Math.floor(((index + 0.5) * deep.length) / count);
    return deep[at]?.name ?? last;
  });
  return [...new Set([...chosen, last])];
}
