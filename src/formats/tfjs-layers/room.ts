/**
 * Room for weights that will be read from a file. A configuration may ask for layers of any size, so what they take is
 * counted while they are built and may not exceed what the file has.
 */
import { ZooError } from '../../core/errors.js';
import { elementCount } from '../../registry/describe/description.js';
import { type DataType, type Tensor, tf } from '../../runtime/tensorflow.js';

const NAME = 'NeuralzooStoredWeight';

export interface Room {
  /** Class name of an initialiser that makes zeros out of this room. */
  readonly initializer: string;
  /** Configuration of that initialiser. */
  readonly config: Readonly<Record<string, unknown>>;
  /** To be called when the layers are built. */
  close(): void;
}

/** By number, as the initialiser is made by TensorFlow.js out of JSON. */
const rooms = new Map<number, { left: number; readonly path: string }>();
let opened = 0;
let registered = false;

/** @param numbers how many numbers there are for all weights. @param path of the file, for errors. */
export function openRoom(numbers: number, path: string): Room {
  register();
  opened += 1;
  const room = opened;
  rooms.set(room, { left: numbers, path });
  return { initializer: NAME, config: { room }, close: () => rooms.delete(room) };
}

function take(room: number, shape: readonly number[], dtype: DataType | undefined): Tensor {
  const entry = rooms.get(room);
  if (entry === undefined) throw new ZooError('FAILED', 'A layer was built after its network');
  const count = elementCount(shape, entry.path);
  if (count > entry.left) {
    throw new ZooError(
      'INTEGRITY',
      `${entry.path} is malformed: its layers need more weights than its files have`,
      {
        expected: `at most ${entry.left} more numbers`,
        found: `[${shape.join(', ')}]`,
      },
    );
  }
  entry.left -= count;
  return tf.zeros([...shape], dtype);
}

function register(): void {
  if (registered) return;
  class StoredWeight extends tf.serialization.Serializable {
    static readonly className = NAME;
    readonly #room: number;

    constructor(config: { room?: unknown }) {
      super();
      this.#room = typeof config.room === 'number' ? config.room : 0;
    }

    apply(shape: number[], dtype?: DataType): Tensor {
      return take(this.#room, shape, dtype);
    }

    getConfig() {
      return { room: this.#room };
    }
  }
  tf.serialization.registerClass(StoredWeight);
  registered = true;
}
