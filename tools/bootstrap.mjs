// What `npm start` and `npm test` call first: plain JavaScript without dependencies, for Node 20.19 or newer on a machine where
// nothing is installed yet. Installs what is missing, or says in one line what to install, and hands over to Node 24.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));

/** A program, or a folder of programs, and the Debian package that brings it. */
const JAVA = { program: 'java', package: 'openjdk-17-jdk-headless', why: 'JDK 17 or newer', isThere: hasJava };
const MAVEN = { program: 'mvn', package: 'maven', why: 'Maven' };
const FOR_TESTS = [
  { program: 'storescu', package: 'dcmtk', why: 'DCMTK' },
  { program: 'Orthanc', package: 'orthanc', why: 'Orthanc', isThere: () => existsSync('/usr/sbin/Orthanc') },
  {
    program: 'libOrthancDicomWeb.so',
    package: 'orthanc-dicomweb',
    why: 'DICOMweb of Orthanc',
    isThere: () => existsSync('/usr/share/orthanc/plugins/libOrthancDicomWeb.so'),
  },
  { program: 'dciodvfy', package: 'dicom3tools', why: 'dicom3tools' },
  { program: 'chromium', package: 'chromium', why: 'Chromium' },
  { program: 'strace', package: 'strace', why: 'strace' },
  { program: 'openssl', package: 'openssl', why: 'OpenSSL' },
];

/** @type {Record<string, { script: string, system: readonly { program: string, package: string, why: string }[], optional?: boolean }>} */
const COMMANDS = {
  start: { script: 'tools/sandbox/start.ts', system: [JAVA, MAVEN] },
  demo: { script: 'tools/sandbox/demo.ts', system: [JAVA, MAVEN] },
  send: { script: 'tools/send/send.ts', system: [] },
  token: { script: 'tools/sandbox/token.ts', system: [] },
  model: { script: 'tools/model/model.ts', system: [] },
  recall: { script: 'tools/recall/recall.ts', system: [] },
  evaluate: { script: 'tools/evaluate/evaluate.ts', system: [] },
  parity: { script: 'tools/parity/main.ts', system: [] },
  train: { script: 'tools/train/train.ts', system: [] },
  test: { script: 'tools/check/run-all.ts', system: [JAVA, MAVEN, ...FOR_TESTS] },
};

/** Which of these the machine lacks. */
export function missingFrom(parts, has = (part) => (part.isThere ?? isOnPath)(part.program)) {
  return parts.filter((part) => !has(part));
}

/** What to do about missing system packages: nothing, install them, or ask for them in one line. */
export function planFor(missing, { root, sudo, apt }) {
  if (missing.length === 0) return { kind: 'nothing' };
  const packages = missing.map((part) => part.package);
  if (apt && (root || sudo)) return { kind: 'install', packages, prefix: root ? [] : ['sudo', '-n'] };
  const names = missing.map((part) => part.why).join(', ');
  const how = apt ? `sudo apt-get install -y ${packages.join(' ')}` : `the packages Debian calls ${packages.join(' ')}`;
  return { kind: 'ask', line: `Missing: ${names}. Install with: ${how}` };
}

/**
 * Whether node_modules holds what package-lock.json says: npm leaves a list of what it installed. Optional packages are for
 * other machines and need not be there.
 */
export function isInstalled(repository) {
  const read = (file) => JSON.parse(readFileSync(join(repository, file), 'utf8')).packages;
  try {
    const installed = read('node_modules/.package-lock.json');
    return Object.entries(read('package-lock.json')).every(
      ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function hasJava() {
  const { stderr, status } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return status === 0 && Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= 17;
}

function fail(line) {
  console.error(line);
  process.exit(1);
}

/** Progress belongs beside the answer, never in it: stdout is for what a command prints. */
function say(line) {
  console.error(line);
}

function installSystemPackages(parts) {
  const root = process.getuid?.() === 0;
  const plan = planFor(missingFrom(parts), {
    root,
    apt: isOnPath('apt-get'),
    sudo: !root && isOnPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0,
  });
  if (plan.kind === 'nothing') return;
  if (plan.kind === 'ask') fail(plan.line);
  say(`Installing system packages with apt-get: ${plan.packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const [command, ...before] = [...plan.prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y'];
  const run = (args) => spawnSync(command, [...before, ...args], { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  run(['update']);
  const result = run(['install', '--no-install-recommends', ...plan.packages]);
  if (result.status !== 0) {
    const reason =
      (result.stderr ?? '')
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('E:')) ?? 'no reason given';
    fail(`apt-get could not install ${plan.packages.join(' ')}: ${reason}`);
  }
}

function installDependencies() {
  if (isInstalled(REPOSITORY)) return;
  say(`Installing dependencies (npm ci)`);
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
    // onnxruntime-node would fetch CUDA libraries; its package holds the CPU ones.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (result.status !== 0) fail('npm ci failed: see above');
}

function main() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  const [name = '', ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) fail(`Usage: node tools/bootstrap.mjs ${Object.keys(COMMANDS).join('|')} …`);
  installSystemPackages(command.system);
  installDependencies();

  const node = join(REPOSITORY, 'node_modules', 'node', 'bin', 'node');
  const program = existsSync(node) ? node : process.execPath;
  const child = spawn(program, ['--no-warnings', '--import', 'tsx', join(REPOSITORY, command.script), ...args], {
    cwd: REPOSITORY,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(REPOSITORY, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` },
  });
  // Ctrl-C reaches the whole foreground group, the child included: it decides when to end, we only wait for it.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${command.script} could not be run: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
