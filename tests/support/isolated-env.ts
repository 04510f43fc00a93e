/** An environment whose npm, pip and Hugging Face configuration is that of one temporary home folder. */
import { join } from 'node:path';

export function isolatedEnv(home: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env;
  return {
    PATH,
    HOME: home,
    USERPROFILE: home,
    APPDATA: join(home, 'appdata'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CONFIG_DIRS: join(home, 'xdg'),
    npm_config_globalconfig: join(home, 'global-npmrc'),
    ...more,
  };
}
