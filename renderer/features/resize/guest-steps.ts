// What is left to do inside the guest after its disk grew, by what lies at the end of it.

import { t } from 'i18next'
import type { DiskContents, FileSystemFacts, FileSystemKind, PartitionFacts } from '../../../core/model/index.ts'
import { shownPartitions } from '../../state/contents.ts'

export interface GuestStep {
  readonly text: string
  /** To be typed in the guest. */
  readonly command?: string
}

/** As the first virtio disk of a Linux guest is called. */
const DISK = '/dev/vda'

const WINDOWS: ReadonlySet<FileSystemKind> = new Set(['ntfs', 'refs', 'bitlocker'])

/** Undefined where nothing is known of what the disk holds. */
export function guestSteps(contents: DiskContents | undefined): readonly GuestStep[] | undefined {
  if (!contents || contents.unreadable) return undefined
  const { scheme, fileSystem } = contents
  if (scheme === 'none') return fileSystem && growSteps(fileSystem, DISK)
  const partitions = shownPartitions(contents)
  const last = partitions.at(-1)
  if (!last) return undefined
  const inTheWay = obstacle(last)
  if (inTheWay !== undefined) return [{ text: t(inTheWay, { index: last.index }) }, ...before(partitions)]
  return last.fileSystem && partitionSteps(last, last.fileSystem)
}

/** Small partitions that systems put at the end, and that nothing behind them can be added to. */
function obstacle({
  type,
  fileSystem,
}: PartitionFacts): 'resize.step.swapInTheWay' | 'resize.step.recoveryInTheWay' | undefined {
  if (fileSystem?.kind === 'swap') return 'resize.step.swapInTheWay'
  return type === 'Windows recovery' ? 'resize.step.recoveryInTheWay' : undefined
}

function before(partitions: readonly PartitionFacts[]): readonly GuestStep[] {
  const one = partitions.at(-2)
  return one?.fileSystem ? partitionSteps(one, one.fileSystem) : []
}

function partitionSteps(partition: PartitionFacts, fileSystem: FileSystemFacts): readonly GuestStep[] {
  const { index } = partition
  if (WINDOWS.has(fileSystem.kind)) return [{ text: t('resize.step.windows') }]
  if (fileSystem.kind === 'apfs') {
    return [{ text: t('resize.step.apfs'), command: `diskutil apfs resizeContainer disk0s${index} 0` }]
  }
  return [
    { text: t('resize.step.partition', { index }), command: `sudo growpart ${DISK} ${index}` },
    ...growSteps(fileSystem, `${DISK}${index}`),
  ]
}

function growSteps({ kind, label = '' }: FileSystemFacts, device: string): readonly GuestStep[] {
  const mounted = t('resize.step.mounted')
  switch (kind) {
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return [{ text: mounted, command: `sudo resize2fs ${device}` }]
    case 'xfs':
      return [{ text: mounted, command: 'sudo xfs_growfs /' }]
    case 'btrfs':
      return [{ text: mounted, command: 'sudo btrfs filesystem resize max /' }]
    case 'f2fs':
      return [{ text: t('resize.step.unmounted'), command: `sudo resize.f2fs ${device}` }]
    case 'lvm2':
      return [
        { text: t('resize.step.physicalVolume'), command: `sudo pvresize ${device}` },
        {
          text: t('resize.step.logicalVolume'),
          command: `sudo lvextend -r -l +100%FREE /dev/${label === '' ? 'vg' : label}/root`,
        },
      ]
    case 'luks1':
    case 'luks2':
      return [
        { text: t('resize.step.luks'), command: `sudo cryptsetup resize ${device.split('/').at(-1) ?? ''}_crypt` },
        { text: t('resize.step.luksInside') },
      ]
    case 'zfs':
      return [{ text: mounted, command: `sudo zpool online -e ${label === '' ? 'pool' : label} ${device}` }]
    case 'ntfs':
    case 'refs':
    case 'bitlocker':
      return [{ text: t('resize.step.windows') }]
    default:
      return [{ text: t('resize.step.ownTools') }]
  }
}
