'use strict';
/**
 * Who may import whom:
 *
 *     base <- core <- host <- init        control imports base only
 *     base <- core <- sim                 sim reads unit files with host's unit loader; initctl imports control, the pure reading parts of core, and base
 *     base <- control <- host, initctl    host imports initctl's verb table and nothing else of it
 *     logd                                is a process of its own: host knows its protocol, it knows the addon's loader
 *     script                              the process of a scripted unit: a client of the manager with the addon; host knows nothing of it
 *     front                               other managers' commands: clients of the manager, knowing control and base
 *     gateway                             HTTP for the manager: a client like front; front's HTTP faces are made of its parts
 *                                         nobody imports init or sim; tests may import anything
 *
 * tools/check/import-rules.mjs runs this and also fails when no module was looked at.
 */

/** Node modules that start threads or fight over SIGCHLD: never in PID 1. */
const FORBIDDEN_IN_MANAGER = '^(node:)?(child_process|worker_threads|cluster|fs/promises|dns|dns/promises|http|https|http2)$';

/** Layers of the manager process. */
const MANAGER = '^src/(base|core|control|host|init)/';

/** @param {string} layer @param {string[]} allowed layers or paths it may import besides itself */
function layer(layer, allowed) {
  return {
    name: `${layer}-imports`,
    comment: `${layer} may import ${allowed.length === 0 ? 'nothing outside itself' : allowed.join(', ')}`,
    severity: 'error',
    from: { path: `^src/${layer}/` },
    to: { path: '^src/', pathNot: [`^src/${layer}/`, ...allowed.map((path) => `^src/${path}`)] },
  };
}

/** @param {string} who @param {string} from @param {string[]} allowed npm packages that become part of these programs */
function packages(who, from, allowed) {
  return {
    name: `packages-of-the-${who.replaceAll(/\W+/g, '-')}`,
    comment: `of npm packages, ${allowed.length === 0 ? 'none' : allowed.join(' and ')} may be used here`,
    severity: 'error',
    from: { path: from },
    to: { path: 'node_modules/', pathNot: allowed.map((name) => `node_modules/${name}/`) },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    layer('base', []),
    layer('core', ['base/']),
    layer('control', ['base/']),
    layer('host', ['base/', 'core/', 'control/', 'initctl/verbs\\.ts$', 'logd/protocol\\.ts$']),
    layer('init', ['base/', 'core/', 'control/', 'host/']),
    // The folders of `initctl simulate` are read as the manager reads them.
    layer('sim', ['base/', 'core/', 'host/unit-loader/']),
    layer('logd', ['base/', 'control/', 'host/(native|load-native|clock|memory/settled-memory)\\.ts$']),
    // Offline verbs read unit files and look programs up as the manager does, and read logs as logd wrote them.
    layer('initctl', ['base/', 'control/', 'core/(unit-file|graph|unit|time)/', 'host/unit-(loader|files)/', 'host/spawn/executable-path\\.ts$', 'logd/query\\.ts$']),
    // A unit's script: it tells its manager how it is, and steers other units as any client does.
    layer('script', ['base/', 'control/', 'host/(native|load-native|outer-manager)\\.ts$', 'initctl/client/manager-connection\\.ts$']),
    // What a user of another manager calls: it reaches the manager as any client does.
    layer('front', ['base/', 'control/', 'host/(native|load-native)\\.ts$', 'gateway/(http|callers)/', 'initctl/client/(manager-connection|log-copier|log-socket)\\.ts$', 'initctl/log-copy/', 'script/call-socket\\.ts$']),
    layer('gateway', ['base/', 'control/', 'initctl/client/(manager-connection|places|log-socket)\\.ts$', 'initctl/log-copy/log-line\\.ts$']),
    {
      name: 'pure-core',
      comment: 'base, core and control know no Node module and no npm package',
      severity: 'error',
      from: { path: '^src/(base|core|control)/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-threads-in-manager',
      comment: 'child_process fights over SIGCHLD, the others start threads in PID 1',
      severity: 'error',
      from: { path: MANAGER },
      to: { path: FORBIDDEN_IN_MANAGER },
    },
    // All packages are bundled, so package.json tells no development package from the others (docs/decisions/0017-npm-package.md).
    packages('manager', MANAGER, ['ini', 'pino']),
    packages('logd, client and simulator', '^src/(logd|initctl|sim)/', []),
    packages('script', '^src/script/', ['fengari', 'sucrase']),
    packages('gateway', '^src/(gateway|front)/', ['bcryptjs', 'ini']),
    {
      name: 'no-tests-in-source',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|tools)/' },
    },
    {
      name: 'no-circular-imports',
      comment: 'types count too: reading goes downhill, from what uses to what is used',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'nameless-files',
      comment: 'a file is named after the one idea in it',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(utils?|helpers?|common|misc|types)(\\.ts|/)', pathNot: 'node_modules' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
