/** The connections under the client: pools that are kept alive, proxies from the environment, and whom to trust. */
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates } from 'node:tls';
import { buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { ZooError } from '../../core/errors.js';
import { holdingEnd } from './held-end.js';

export interface DispatcherOptions {
  /** Where HTTP_PROXY, HTTPS_PROXY, NO_PROXY (either case) and NODE_EXTRA_CA_CERTS are read. */
  readonly env: NodeJS.ProcessEnv;
  /** PEM certificates to trust in addition to Node's own. */
  readonly ca: readonly string[];
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
}

/** The transfer engine bounds connections itself, to 16 a host; this only has to be above that. */
const MOST_CONNECTIONS = 64;
/** Long enough to survive the pause between two files, short enough for servers that close after 5 s. */
const KEEP_ALIVE_MS = 4_500;

export function makeDispatcher(options: DispatcherOptions): Dispatcher {
  const { env } = options;
  const tls: buildConnector.BuildOptions = { timeout: options.connectTimeoutMs, ...trust(options) };
  try {
    return new EnvHttpProxyAgent({
      // An empty string rather than undefined: undici would look into process.env.
      httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
      httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
      noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
      // Many company proxies allow CONNECT to port 443 only.
      proxyTunnel: false,
      factory: (origin, poolOptions: Pool.Options) =>
        new Pool(origin, { ...poolOptions, connect: connector(poolOptions.connect, tls) }),
      connect: tls,
      requestTls: tls,
      proxyTls: tls,
      connections: MOST_CONNECTIONS,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: 0,
    });
  } catch (cause) {
    // The address of a proxy may hold a password: it is not shown.
    throw new ZooError('USAGE', 'The address of a proxy in HTTP_PROXY or HTTPS_PROXY can not be read', {
      expected: 'an address such as http://proxy.example:3128',
      cause,
    });
  }
}

/** Behind a proxy undici brings a connector of its own, which makes the tunnel. */
function connector(
  given: Pool.Options['connect'],
  tls: buildConnector.BuildOptions,
): buildConnector.connector {
  return holdingEnd(typeof given === 'function' ? given : buildConnector(tls));
}

/**
 * Node trusts its own list and NODE_EXTRA_CA_CERTS until a connection names a list of its own, which replaces
 * both; so all three are joined here. One context for all connections: making one parses 150 certificates.
 */
function trust({ env, ca }: DispatcherOptions): object {
  if (ca.length === 0) return {};
  const extra = env.NODE_EXTRA_CA_CERTS;
  const certificates = [...rootCertificates, ...ca];
  try {
    if (extra !== undefined && extra !== '') certificates.push(readFileSync(extra, 'utf8'));
    return { secureContext: createSecureContext({ ca: certificates }) };
  } catch (cause) {
    throw new ZooError('USAGE', 'The extra certificates can not be read', {
      expected: 'certificates in PEM form',
      found: cause instanceof Error ? cause.message : String(cause),
      hint: "Look at npm's ca and cafile settings and at NODE_EXTRA_CA_CERTS.",
    });
  }
}
