import { mangleUnitName } from '../../../core/unit/unit-name.ts';
import { unitFilesOf } from '../unit-file-states.ts';
import type { Reader } from './context.ts';

export const readUnitFileList: Reader<'list-unit-files'> = ({ engine }, params) => ({ ok: true, value: unitFilesOf(engine).list(params) });

export const readIsEnabled: Reader<'is-enabled'> = ({ engine }, params) => ({
  ok: true,
  value: {
    units: params.units.map((word) => {
      const unit = mangleUnitName(word) ?? word;
      return unitFilesOf(engine).enablement(unit, params.links);
    }),
  },
});

export const readDefault: Reader<'get-default'> = ({ engine }) => unitFilesOf(engine).defaultTarget();
