// What `spindle` does otherwise than qemu-img, and why: the manual, and the test that compares the two, read it here.

export interface Difference {
  readonly name: string
  readonly text: string
}

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'existing-target',
    text: 'create and convert refuse a target that is there already, unless --force is given or the program is called qemu-img.',
  },
  {
    name: 'atomic',
    text: 'A new image is written as NAME.partial and gets its name when it is whole and safe on disk; a change in place happens as a whole or is taken back. What is cut short leaves no half of an image.',
  },
  {
    name: 'formatting-after',
    text: 'The line “Formatting …” is printed when the image is there, not before; where it cannot be made there is an error alone.',
  },
  {
    name: 'reasons',
    text: "Messages begin with the words of qemu-img, “Could not open 'disk.img': …”; the reason behind them is often a sentence of our own that says more.",
  },
  {
    name: 'findings',
    text: 'check tells what it found, and what it put right, in sentences of its own, one a line; sums, JSON and exit codes are those of qemu-img. With -q leaks are not listed.',
  },
  {
    name: 'check-alone',
    text: 'check opens the image alone, also when its backing file is gone, and without the passphrase of an encrypted one.',
  },
  {
    name: 'check-more',
    text: 'check gives its sums for every format, and knows VHD as well.',
  },
  {
    name: 'repair-whole',
    text: 'check -r does all it can or nothing: with -r leaks nothing is freed while there are errors, since that could be what the damaged part has lost. It mends reference counts where they stand instead of writing all of them anew, so sums and the end of the file may be others.',
  },
  {
    name: 'zeros',
    text: 'Zeros are not written where an image can say that there are none: files become smaller, and map calls such places zero where qemu-img has data. dd and rebase leave them out as well.',
  },
  {
    name: 'overlay',
    text: 'convert -B makes an image that reads as SOURCE does, whatever BACKING is. qemu-img takes for granted that what SOURCE does not hold itself is in BACKING, and leaves it out.',
  },
  {
    name: 'vhd-size',
    text: 'A VHD is exactly as large as was asked for. qemu-img rounds up to what its number of cylinders can say, unless told force_size=on.',
  },
  {
    name: 'vdi-layout',
    text: 'A fixed VDI is laid out as VirtualBox does it, blocks beginning at 1 MiB.',
  },
  {
    name: 'warnings',
    text: 'What does not come along, or can be read by others from now on, is told in a warning: snapshots and bitmaps of a source, the encryption of a source, images between two that a commit has changed.',
  },
  {
    name: 'raw-probing',
    text: 'There is no warning when a raw image is changed without its format being stated, since no block is kept from being written. Where a file may be in another format after all, that is said.',
  },
  {
    name: 'compression',
    text: 'convert -c to a format that cannot compress is an error, also where qemu-img writes it unpacked without a word.',
  },
  {
    name: 'snapshot-names',
    text: 'Two snapshots of an image cannot have the same name; snapshot -d takes an id as well, where no snapshot has that name.',
  },
  {
    name: 'resize-more',
    text: 'resize knows VDI, VMDK, VHD, VHDX and QED as well. An image with dirty bitmaps is not resized, since they would no longer fit.',
  },
  {
    name: 'salvage',
    text: 'convert --salvage tells of each stretch that could not be read once, with its length, and the sum; qemu-img prints a line for every sector.',
  },
  {
    name: 'convert-size',
    text: 'convert -o size=… gives the new disk that size, with zeros behind what SOURCE has; qemu-img takes no notice of it.',
  },
  {
    name: 'measure-more',
    text: 'measure knows every format that can be written.',
  },
  {
    name: 'amend-size',
    text: 'amend does not change the size of a disk, for which resize is there: it asks before anything is cut off.',
  },
  {
    name: 'map-more',
    text: 'map gives places in the file also for formats where qemu-img gives none.',
  },
  {
    name: 'bare-file',
    text: 'A description that names the driver “file” alone stands for the file, whose format is found out.',
  },
  {
    name: 'secrets',
    text: 'Every passphrase given with --object is tried on what is encrypted; naming it with key-secret or encrypt.key-secret is not needed.',
  },
  {
    name: 'long-names',
    text: 'All long names of options that the help of qemu-img lists are understood. qemu-img 10.0 itself knows many of them only by their letter.',
  },
  {
    name: 'quiet-bench',
    text: 'bench -q prints nothing.',
  },
  {
    name: 'several',
    text: 'info takes several files, and tells of those it can open when another cannot be opened.',
  },
  {
    name: 'local-files',
    text: 'Images are local files and block devices. Servers (nbd, ssh, http, iscsi …) and test drivers (blkdebug …) are refused by name.',
  },
]
