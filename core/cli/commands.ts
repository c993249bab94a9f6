// All commands of `spindle` by name.

import type { Command } from './command.ts'

interface Entry {
  readonly summary: string
  /** Loaded when it is called for: a command starts no slower for what the others need. */
  readonly load: () => Promise<Command>
}

export const COMMANDS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    'amend',
    { summary: 'Change format options of an existing image', load: async () => (await import('./amend.ts')).amend },
  ],
  [
    'backup',
    {
      summary: 'Keep a dated, packed, verified copy of a disk',
      load: async () => (await import('./backup.ts')).backup,
    },
  ],
  ['bench', { summary: 'Measure how fast an image answers', load: async () => (await import('./bench.ts')).bench }],
  [
    'bitmap',
    {
      summary: 'Add, change and remove the dirty bitmaps in an image',
      load: async () => (await import('./bitmap.ts')).bitmap,
    },
  ],
  [
    'bypass',
    {
      summary: 'Put what lies on an image onto what lies below it',
      load: async () => (await import('./bypass.ts')).bypass,
    },
  ],
  [
    'check',
    { summary: 'Look for errors and leaks, and mend them', load: async () => (await import('./check.ts')).check },
  ],
  ['commit', { summary: 'Commit image to its backing file', load: async () => (await import('./commit.ts')).commit }],
  [
    'compare',
    { summary: 'Say whether two disks hold the same', load: async () => (await import('./compare.ts')).compare },
  ],
  [
    'completion',
    {
      summary: 'Print what makes your shell complete commands',
      load: async () => (await import('./completion.ts')).completion,
    },
  ],
  [
    'compact',
    { summary: 'Put an image into a smaller file', load: async () => (await import('./compact.ts')).compact },
  ],
  [
    'contents',
    {
      summary: 'Tell which partitions and file systems lie on a disk',
      load: async () => (await import('./contents.ts')).contents,
    },
  ],
  [
    'convert',
    {
      summary: 'Write a disk anew, in any format',
      load: async () => (await import('./convert.ts')).convert,
    },
  ],
  ['create', { summary: 'Make a new disk image', load: async () => (await import('./create.ts')).create }],
  [
    'diff',
    {
      summary: 'List what differs between two disks, snapshots or layers',
      load: async () => (await import('./diff.ts')).diff,
    },
  ],
  ['dd', { summary: 'Copy a piece of a disk into a new image', load: async () => (await import('./dd.ts')).dd }],
  [
    'info',
    { summary: 'Tell what an image is and what lies below it', load: async () => (await import('./info.ts')).info },
  ],
  ['map', { summary: 'Tell where every part of a disk is stored', load: async () => (await import('./map.ts')).map }],
  ['cp', { summary: 'Copy an image with all its files', load: async () => (await import('./mv.ts')).cp }],
  ['mv', { summary: 'Rename or move an image with all that follows', load: async () => (await import('./mv.ts')).mv }],
  ['trash', { summary: 'Delete images, and put them back', load: async () => (await import('./trash.ts')).trash }],
  [
    'measure',
    {
      summary: 'Tell how large a new image would be',
      load: async () => (await import('./measure.ts')).measure,
    },
  ],
  ['rebase', { summary: 'Change backing file of the image', load: async () => (await import('./rebase.ts')).rebase }],
  ['resize', { summary: 'Make a disk larger or smaller', load: async () => (await import('./resize.ts')).resize }],
  [
    'snapshot',
    {
      summary: 'List, take, restore, rename and delete snapshots',
      load: async () => (await import('./snapshot.ts')).snapshot,
    },
  ],
  [
    'tree',
    {
      summary: 'Show all images of a folder and what lies on what',
      load: async () => (await import('./tree.ts')).tree,
    },
  ],
  ['undo', { summary: 'Take back the last change in place', load: async () => (await import('./undo.ts')).undo }],
  [
    'watch',
    { summary: 'Tell how far other spindle commands are', load: async () => (await import('./watch.ts')).watch },
  ],
])
