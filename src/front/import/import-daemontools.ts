/**
 * `initctl import daemontools DIR`: a service directory, or a scan directory with many. Each becomes the service that `supervise` makes of
 * it; a log service is joined to its service by a FIFO that the manager keeps open.
 */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { serviceUnitText } from '../daemontools/service-unit.ts';
import { scanServices } from '../daemontools/scan.ts';
import { plainValue, unitNamePart } from '../unit-text.ts';
import { ImportError, INSTALL_SECTION, type Imported, type ImportedUnit, type ImportFormat, type ImportRemark } from './import-format.ts';

export const DAEMONTOOLS_FORMAT: ImportFormat = { takes: 'a service directory, or a directory of them', read };

const PIPE_DIRECTORY = '/run';

function read(path: string): Imported {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw new ImportError(path, null, 'this is no directory');
  const remarks: ImportRemark[] = [];
  if (existsSync(join(path, 'run'))) return { units: unitsOf(path, basename(path), existsSync(join(path, 'log')), remarks), remarks };
  const { services, warnings } = scanServices(path);
  remarks.push(...warnings.map((text) => ({ file: path, line: null, text })));
  if (services.length === 0) throw new ImportError(path, null, 'there is no run file in it, and no directory');
  return { units: services.flatMap(({ name, hasLog }) => unitsOf(join(path, name), name, hasLog, remarks)), remarks };
}

function unitsOf(path: string, name: string, hasLog: boolean, remarks: ImportRemark[]): readonly ImportedUnit[] {
  const part = unitNamePart(name);
  const directory = realpathSync(path);
  const remark = (file: string, text: string): void => { remarks.push({ file, line: null, text }); };
  const isDown = existsSync(join(directory, 'down'));
  checkRun(join(directory, 'run'), remark);
  if (isDown) remark(join(directory, 'down'), 'the service is not to be enabled; initctl start starts it');
  const pipe = `${PIPE_DIRECTORY}/${part}-log.pipe`;
  const service: ImportedUnit = {
    name: `${part}.service`, starts: !isDown,
    text: `${serviceUnitText({ directory, label: name, keepsUp: true, standardInput: 'null', standardOutput: hasLog ? `file:${pipe}` : 'journal', standardError: 'journal' })}${
      hasLog ? `\n[Unit]\nRequires=${part}-log.socket\nAfter=${part}-log.socket\n` : ''}${INSTALL_SECTION}`,
  };
  if (!hasLog) return [service];
  checkRun(join(directory, 'log/run'), remark);
  return [
    service,
    { name: `${part}-log.socket`, starts: true, text: `[Unit]\nDescription=Output of ${plainValue(name)}\n\n[Socket]\nListenFIFO=${pipe}\nSocketMode=0600\n${INSTALL_SECTION.replace('default.target', 'sockets.target')}` },
    {
      name: `${part}-log.service`, starts: false,
      text: `${serviceUnitText({ directory: realpathSync(join(directory, 'log')), label: `${name}/log`, keepsUp: true, standardInput: 'socket', standardOutput: 'journal', standardError: 'journal' })}\n[Unit]\nRequires=${part}-log.socket\n`,
    },
  ];
}

function checkRun(file: string, remark: (file: string, text: string) => void): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    remark(file, existsSync(file) ? 'it cannot be executed: chmod +x' : 'it is missing: the service will be tried again every second');
  }
}
