/**
 * An nginx of our own: its configuration, logs and pid lie in a temporary folder, and it listens on loopback. It
 * serves the files at `/files/NAME`, and plays the part of a Hugging Face endpoint that `hf download` asks for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The repository that the endpoint has, and its only commit. */
export const repository = 'bench/model';
const commit = '0123456789abcdef0123456789abcdef01234567';

/** Where `hf download` leaves the repository's files, below HF_HOME. */
export const snapshotFolder = join('hub', `models--${repository.replace('/', '--')}`, 'snapshots', commit);

/** Starts it for one folder of files. `stop()` ends it and removes its temporary folder. */
export async function startNginx(program, { folder, files }) {
  const prefix = mkdtempSync(join(tmpdir(), 'zoo-bench-nginx-'));
  const port = await freePort();
  writeFileSync(join(prefix, 'hashes.map'), files.map((file) => `"${file.name}" ${file.sha256};\n`).join(''));
  writeFileSync(join(prefix, 'info.json'), JSON.stringify(modelInfo(files)));
  writeFileSync(join(prefix, 'tree.json'), JSON.stringify(modelTree(files)));
  writeFileSync(join(prefix, 'nginx.conf'), configuration(prefix, port, folder));
  const errors = join(prefix, 'error.log');
  const child = spawn(program, ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', errors], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const kill = () => child.kill('SIGTERM');
  process.once('exit', kill);
  const stop = async () => {
    process.removeListener('exit', kill);
    if (child.exitCode === null && kill()) await once(child, 'exit');
    rmSync(prefix, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(port)); tries++) {
    if (child.exitCode !== null || tries === 100) {
      await stop();
      throw new Error('nginx did not start');
    }
    await sleep(50);
  }
  return { port, stop };
}

function configuration(prefix, port, folder) {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(prefix, name)};`)
    .join(' ');
  // A master that is root would serve as a user who may not read the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `daemon off; ${user}
worker_processes 2;
pid ${join(prefix, 'nginx.pid')};
events { worker_connections 1024; }
http {
  ${temp}
  access_log off;
  sendfile on;
  tcp_nopush on;
  etag off;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  map_hash_max_size 32768;
  map_hash_bucket_size 256;
  map $file $sha256 { include ${join(prefix, 'hashes.map')}; }
  server {
    listen 127.0.0.1:${port};
    location ~ ^/files/(?<file>.+)$ {
      alias "${folder}/$file";
      add_header ETag '"$sha256"';
    }
    location ~ ^/${repository}/resolve/[^/]+/(?<file>.+)$ {
      alias "${folder}/$file";
      add_header ETag '"$sha256"';
      add_header X-Repo-Commit ${commit};
    }
    location ~ ^/api/models/${repository}(/revision/[^/]+)?$ {
      default_type application/json;
      alias ${join(prefix, 'info.json')};
    }
    location ~ ^/api/models/${repository}/tree/[^/]+$ {
      default_type application/json;
      alias ${join(prefix, 'tree.json')};
    }
  }
}
`;
}

function modelInfo(files) {
  return {
    _id: commit.slice(0, 24),
    id: repository,
    sha: commit,
    private: false,
    gated: false,
    downloads: 0,
    likes: 0,
    tags: [],
    lastModified: '2026-01-01T00:00:00.000Z',
    siblings: files.map((file) => ({ rfilename: file.name })),
  };
}

function modelTree(files) {
  return files.map(({ name, size, sha256 }) => ({
    type: 'file',
    path: name,
    size,
    oid: sha256.slice(0, 40),
    lfs: { oid: sha256, size, pointerSize: 134 },
  }));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
