// All formats, the most certain of themselves first; raw, which takes anything, is last.

import type { ImageDriver } from '../image/driver.ts'
import { dmgDriver } from './dmg/driver.ts'
import { luksDriver } from './luks/driver.ts'
import { parallelsDriver } from './parallels/driver.ts'
import { qcowDriver } from './qcow/driver.ts'
import { qcow2Driver } from './qcow2/driver.ts'
import { qedDriver } from './qed/driver.ts'
import { rawDriver } from './raw/driver.ts'
import { bochsDriver, cloopDriver } from './recognised/drivers.ts'
import { vhdxDriver } from './vhdx/driver.ts'
import { vdiDriver } from './vdi/driver.ts'
import { vmdkDriver } from './vmdk/driver.ts'
import { vpcDriver } from './vpc/driver.ts'

export const drivers: readonly ImageDriver[] = [
  qcowDriver,
  qcow2Driver,
  vdiDriver,
  qedDriver,
  vmdkDriver,
  vpcDriver,
  vhdxDriver,
  luksDriver,
  parallelsDriver,
  cloopDriver,
  bochsDriver,
  dmgDriver,
  rawDriver,
]
