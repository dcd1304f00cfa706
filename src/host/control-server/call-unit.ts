/**
 * `call`: runs one of the commands that a service has under a name (ExecCall=), as the service's own user and in its surroundings, with
 * the streams of who asks. It is a transient service of its own: it may run while the service does, and takes nothing away from it.
 */
import type { UnitName } from '../../base/brand.ts';
import { getEntry } from '../../base/persistent-map.ts';
import type { TransientAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import { ANY_COMMAND } from '../../core/unit/any-command.ts';
import type { ExecCommand, StandardStream } from '../../core/unit/exec-context.ts';
import type { ServiceUnit } from '../../core/unit/service.ts';
import type { Engine } from '../engine.ts';
import { transientUnitsOf } from '../transient-units.ts';
import { lendStreams, streamName, takeBackStreams } from './caller-streams.ts';
import type { Peer } from './connection.ts';
import { enqueueUnits } from './enqueue.ts';

type Done = (outcome: { readonly ok: true; readonly value: TransientAnswer } | { readonly ok: false; readonly failure: Failure }) => void;

/** The definition of a call was read from no file that could differ. */
const NO_SOURCE_HASH = '0000000000000000';

export function callUnit(engine: Engine, peer: Peer, params: Params<'call'>, units: readonly UnitName[], done: Done): (() => void) | null {
  const refuse = (failure: Failure): null => {
    done({ ok: false, failure });
    return null;
  };
  const [name] = units;
  const unit = name === undefined ? undefined : getEntry(engine.state().units, name);
  if (name === undefined || units.length > 1 || unit?.definition.kind !== 'service') return refuse({ name: 'not-applicable', message: 'Only a service has commands.', unit: name ?? '' });
  const { definition, runtime } = unit;
  if (definition.loadState === 'not-found') return refuse({ name: 'no-such-unit', message: `Unit ${name} could not be found.`, unit: name });
  const found = definition.calls.find((each) => each.name === params.command) ?? definition.calls.find((each) => each.name === ANY_COMMAND);
  if (found === undefined) {
    const names = definition.calls.map((each) => each.name);
    const known = names.length === 0 ? 'It has none (ExecCall=).' : `It has ${names.join(', ')}.`;
    return refuse({ name: 'not-applicable', message: `${params.command === '' ? 'Which command?' : `${name} has no command "${params.command.slice(0, 64)}".`} ${known}`, unit: name });
  }
  const stem = name.slice(0, name.lastIndexOf('.')).slice(0, 128);
  const call = `call-${stem.replaceAll('@', '-')}-${String(engine.nextRequestId())}.service` as UnitName;
  const error = lendStreams(engine, peer, call);
  if (error !== '') return refuse({ name: 'not-applicable', message: `The command cannot be given the streams of its caller: ${error}.`, unit: name });
  const mainPid = runtime.kind === 'service' ? runtime.mainPid : null;
  const environment = mainPid === null ? [] : [`MAINPID=${String(mainPid)}`];
  const transient = transientUnitsOf(engine);
  transient.holdBriefly(call);
  engine.submit({ event: 'definitions', reload: false, definitions: [definitionOfCall(call, definition, withArguments(found.command, found.name === ANY_COMMAND ? [params.command, ...params.arguments] : params.arguments), environment)] });
  let inner: (() => void) | null = null;
  const end = engine.onTurnEnd(() => {
    if (getEntry(engine.state().units, call) === undefined) return;
    end();
    inner = enqueueUnits(engine, peer, { type: 'start', units: [call], mode: 'fail', wait: true }, [call], (outcome) => {
      takeBackStreams(engine, [call]);
      done(outcome.ok ? { ok: true, value: { units: [call], ...outcome.value } } : outcome);
    }, null);
  });
  return () => {
    end();
    inner?.();
  };
}

/** What a client gives is taken as it is: no variable is looked up for it. */
function withArguments(command: ExecCommand, words: readonly string[]): ExecCommand {
  return { ...command, argv: [...command.argv, ...words.map((word) => (command.noEnvironmentExpansion ? word : word.replaceAll('$', '$$$$')))] };
}

function definitionOfCall(name: UnitName, of: ServiceUnit, command: ExecCommand, environment: readonly string[]): ServiceUnit {
  const stream = (which: string): StandardStream => ({ kind: 'fd', name: streamName(name, which) });
  return {
    ...of, name, names: [name], fragmentPath: null, dropInPaths: [], sourceHash: NO_SOURCE_HASH, transient: true, diagnostics: [], notEffective: [],
    description: `${of.name}: ${command.argv.join(' ')}`,
    // A failure is told to who called; nobody has to clear it away.
    entries: [{ section: 'Unit', key: 'CollectMode', value: 'inactive-or-failed', ...command.origin, column: 0, valueColumn: 0 }],
    // What holds for any service of this slice; what the service itself wants of others is not the call's affair.
    dependencies: [
      ...of.dependencies.filter(({ kind, origin }) => origin === 'default' || kind === 'InSlice'),
      // Its surroundings are the service's: the same /tmp, the same network.
      { kind: 'JoinsNamespaceOf', other: of.name, origin: 'implicit' },
    ],
    conditions: [], assertions: [], stopWhenUnneeded: false, failureAction: 'none', successAction: 'none', startLimitAction: 'none', startLimitBurst: 0, jobTimeoutUsec: null, jobRunningTimeoutUsec: null,
    type: 'oneshot', execCondition: [], execStartPre: [], execStart: [command], execStartPost: [], execReload: [], execStop: [], execStopPost: [], calls: [], probes: [],
    remainAfterExit: false, pidFile: null, busName: null, restart: 'no', timeoutStartUsec: null, runtimeMaxUsec: null, watchdogUsec: null,
    notifyAccess: 'none', sockets: [], fileDescriptorStoreMax: 0,
    exec: {
      ...of.exec, environment: [...of.exec.environment, ...environment],
      // The directory is the service's.
      runtimeDirectoryPreserve: 'yes',
      standardInput: stream('StandardInput'), standardOutput: stream('StandardOutput'), standardError: stream('StandardError'), standardInputData: null,
    },
  };
}
