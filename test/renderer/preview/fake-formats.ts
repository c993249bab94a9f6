// The two formats as the dialogs see them; shaped like the engine's tables, fewer words.

import type { FormatFacts } from '../../../core/model/index.ts'
import { KiB, MiB } from '../../../core/model/index.ts'

export const FORMATS: readonly FormatFacts[] = [
  {
    format: 'qcow2',
    title: 'QCOW2',
    extensions: ['qcow2'],
    capabilities: { create: true, write: true, backing: true, compress: true, snapshots: true, resize: true },
    options: [
      {
        kind: 'choice',
        name: 'preallocation',
        title: 'Allocation',
        help: 'When room is set aside.',
        default: 'off',
        choices: [
          { value: 'off', title: 'Grow as used' },
          { value: 'metadata', title: 'Reserve metadata' },
          { value: 'falloc', title: 'Reserve everything' },
          { value: 'full', title: 'Write everything' },
        ],
      },
      {
        kind: 'size',
        name: 'cluster_size',
        title: 'Cluster size',
        help: 'The unit of allocation: larger ones need less metadata, smaller ones waste less room.',
        default: 64 * KiB,
        min: 512,
        max: 2 * MiB,
        powerOfTwo: true,
        advanced: true,
      },
      {
        kind: 'choice',
        name: 'compression_type',
        title: 'Compression',
        help: 'How clusters are packed, when they are: zstd is faster, zlib opens everywhere.',
        default: 'zlib',
        choices: [
          { value: 'zlib', title: 'zlib' },
          { value: 'zstd', title: 'zstd' },
        ],
        advanced: true,
      },
      {
        kind: 'choice',
        name: 'encrypt.format',
        title: 'Encryption',
        help: 'How what the guest writes is encrypted.',
        default: '',
        choices: [
          { value: '', title: 'None' },
          { value: 'luks', title: 'LUKS' },
        ],
        advanced: true,
      },
      {
        kind: 'number',
        name: 'refcount_bits',
        title: 'Refcount bits',
        help: 'How often one cluster can be shared by snapshots; 16 is enough for nearly everyone.',
        default: 16,
        values: [1, 2, 4, 8, 16, 32, 64],
        advanced: true,
      },
      {
        kind: 'choice',
        name: 'compat',
        title: 'Compatibility',
        help: 'Version 2 for programs older than QEMU 1.1.',
        default: '1.1',
        choices: [
          { value: '1.1', title: 'Version 3, QEMU 1.1' },
          { value: '0.10', title: 'Version 2, QEMU 0.10' },
        ],
        advanced: true,
      },
      {
        kind: 'boolean',
        name: 'extended_l2',
        title: 'Subclusters',
        help: 'Copies less per write over a backing file.',
        default: false,
        advanced: true,
      },
      {
        kind: 'boolean',
        name: 'lazy_refcounts',
        title: 'Lazy refcounts',
        help: 'Faster writes; after a crash the image must be repaired first.',
        default: false,
        advanced: true,
      },
      {
        kind: 'text',
        name: 'data_file',
        title: 'Data file',
        help: 'Keeps the guest’s bytes in a file of their own.',
        default: '',
        advanced: true,
      },
    ],
  },
  {
    format: 'raw',
    title: 'RAW',
    extensions: ['img', 'raw'],
    capabilities: { create: true, write: true, backing: false, compress: false, snapshots: false, resize: true },
    options: [
      {
        kind: 'choice',
        name: 'preallocation',
        title: 'Allocation',
        help: 'When the file system sets room aside.',
        default: 'off',
        choices: [
          { value: 'off', title: 'Grow as used' },
          { value: 'falloc', title: 'Reserve everything' },
          { value: 'full', title: 'Write everything' },
        ],
      },
    ],
  },
]
