'use strict';
// Run by the guest's own Node, whose release is fixed: one compressor version on every machine, so the same archive gives the
// same bytes, and Debian's zstd need not be installed. Standard input to standard output.
//
// Level 9 is the knee: 12 doubles the time for one per cent, 19 takes twenty times as long for a tenth.
const { readFileSync, writeSync } = require('node:fs');
const { constants, zstdCompressSync } = require('node:zlib');

const compressed = zstdCompressSync(readFileSync(0), { params: { [constants.ZSTD_c_compressionLevel]: 9 } });
for (let written = 0; written < compressed.length; ) written += writeSync(1, compressed, written);
