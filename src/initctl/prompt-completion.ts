/** Completion at the prompt: verbs, options, and what stands behind a verb. */
import type { Answerer } from './client/command-runner.ts';
import { OPTIONS, optionRow, type OptionName } from './options.ts';
import { findVerb, VERBS } from './verbs.ts';
import type { Operand } from './verb.ts';

/** @returns the candidates and the part of the line they replace, as node:readline wants them */
export async function completeLine(line: string, answerer: Answerer): Promise<[string[], string]> {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  const verbWord = words.slice(0, -1).find((word) => word !== '' && !word.startsWith('-'));
  const verb = verbWord === undefined ? null : findVerb(verbWord);
  const candidates = await candidatesFor(last, verb?.operand ?? null, verb?.options ?? null, verbWord, answerer);
  const hits = candidates.filter((candidate) => candidate.startsWith(last));
  return [hits.length === 1 && !(hits[0] as string).endsWith('=') ? [`${hits[0] as string} `] : hits, last];
}

async function candidatesFor(last: string, operand: Operand | null, options: readonly OptionName[] | null, verbWord: string | undefined, answerer: Answerer): Promise<readonly string[]> {
  if (last.startsWith('-')) {
    const names = options ?? (Object.keys(OPTIONS) as OptionName[]);
    return names.filter((name) => name.length > 1).map((name) => `--${name}${optionRow(name).value === undefined ? '' : '='}`);
  }
  if (verbWord === undefined) return VERBS.map((verb) => verb.name);
  switch (operand) {
    case 'units': case 'units-optional': case 'unit-optional': case 'patterns': case 'verb-and-units': {
      const reply = await answerer.request('list-units', { all: true });
      return reply.ok ? reply.value.units.map((unit) => unit.unit) : [];
    }
    case 'unit-files': {
      const reply = await answerer.request('list-unit-files', {});
      return reply.ok ? reply.value.files.map((file) => file.unit) : [];
    }
    case 'jobs': {
      const reply = await answerer.request('list-jobs', {});
      return reply.ok ? reply.value.jobs.map((job) => String(job.job)) : [];
    }
    case 'free':
      return verbWord === 'help' ? VERBS.map((verb) => verb.name) : verbWord === 'completion' ? ['bash', 'zsh', 'fish'] : [];
    default:
      return [];
  }
}
