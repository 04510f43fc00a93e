/** The index of models, and the native SQLite that reads it. */
import { ZooError } from '../../core/errors.js';
import { type Finding, fact, messageOf, problem } from './finding.js';

/** Loads SQLite only here: where it is missing or built for another Node, the rest of the page must still come. */
export async function examineIndex(env: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    const [{ openIndex }, { indexLocation }] = await Promise.all([
      import('../../registry/index-open.js'),
      import('../../zoo/index-location.js'),
    ]);
    const path = indexLocation(env);
    const index = openIndex(path);
    try {
      const { models, cards } = index.count();
      return fact('index', 'Index', `${models} models in ${cards} versions, ${path}`);
    } finally {
      index.close();
    }
  } catch (error) {
    const isFile = error instanceof ZooError && Boolean(env.ZOO_INDEX);
    return problem(
      'index',
      'Index',
      messageOf(error).split('\n')[0] ?? '',
      'Without it no model can be found by its name.',
      isFile ? 'unset ZOO_INDEX' : 'npm install neuralzoo   (with the Node that runs it)',
    );
  }
}
