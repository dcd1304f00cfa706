/** mount-image: systemd mounts a disk image into a running service. Nobody here looks into images: the verb tells what does. Source: systemctl(1). */
import { EXIT } from '../exit-status.ts';
import { complain, type Verb } from '../verb.ts';

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
    yield* complain(`${call.program} does not look into images: mount ${image} somewhere, and "${call.program} bind ${word} THERE ${path}" does the rest.`);
    return EXIT.failed;
  },
};
