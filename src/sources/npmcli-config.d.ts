/** The part of npm's own configuration library that is used here; it comes without types. */
declare module '@npmcli/config' {
  export default class Config {
    constructor(options: {
      npmPath: string;
      definitions: object;
      shorthands: object;
      flatten: (values: object, flat?: object) => object;
      argv: readonly string[];
      env: NodeJS.ProcessEnv;
      cwd: string;
      warn: boolean;
    });
    load(): Promise<void>;
    get(key: string): unknown;
    /** One object a layer, strongest first; each inherits from the next weaker one. */
    readonly list: readonly Readonly<Record<string, unknown>>[];
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const library: {
    readonly definitions: Readonly<Record<string, { readonly default: unknown }>>;
    readonly shorthands: object;
    readonly flatten: (values: object, flat?: object) => object;
  };
  export default library;
}
