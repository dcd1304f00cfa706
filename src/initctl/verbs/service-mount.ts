/**
 * bind, mount-image: systemd mounts something into the namespace of a running service. Neither the manager nor its client enters such a
 * namespace: the verbs tell what does. Source: systemctl(1).
 */
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, request, type Verb } from '../verb.ts';

export const bind: Verb = {
  name: 'bind',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT PATH [PATH]',
  summary: 'Tell how a path is bound into the mount namespace of a running service',
  operand: 'units',
  options: ['mkdir', 'read-only'],
  runs: 'manager',
  *run(call) {
    const [word = '', source, target = source, ...more] = call.words;
    if (source === undefined || target === undefined || more.length > 0) {
      yield* complain(source === undefined ? 'Too few arguments.' : 'Too many arguments.');
      return EXIT.usage;
    }
    const unit = unitArgument(word);
    const reply = yield* request('show', { units: [unit], properties: ['MainPID'] });
    if (!reply.ok) {
      yield* complain(`Failed to bind mount: ${reply.failure.message}`);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    const pid = reply.value.units[0]?.properties['MainPID'] ?? '0';
    if (pid === '0') {
      yield* complain(`Failed to bind mount: ${unit} has no main process.`);
      return call.program === 'systemctl' ? EXIT.failed : EXIT.notRunning;
    }
    const options = `${hasOption(call.options, 'mkdir') ? '--mkdir ' : ''}${hasOption(call.options, 'read-only') ? '-o ro ' : ''}`;
    yield* complain(`${call.program} does not enter mount namespaces: "nsenter -t ${pid} -m mount --bind ${options}${source} ${target}" does, `
      + `and ${hasOption(call.options, 'read-only') ? 'BindReadOnlyPaths' : 'BindPaths'}=${source}:${target} in the unit file is for every start.`);
    return EXIT.failed;
  },
};

export const mountImage: Verb = {
  name: 'mount-image',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT IMAGE [PATH]',
  summary: 'Tell how the file systems of an image come into a service',
  operand: 'units',
  options: [],
  runs: 'manager',
  *run(call) {
    const [word = '', image, path = '/mnt'] = call.words;
    if (image === undefined) {
      yield* complain('Too few arguments.');
      return EXIT.usage;
    }
    yield* complain(`${call.program} does not look into images: mount ${image} somewhere, and "${call.program} bind ${word} THERE ${path}" tells the rest.`);
    return EXIT.failed;
  },
};
