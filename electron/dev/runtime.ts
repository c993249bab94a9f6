// Which executable runs the application: Electron where it is on this machine, otherwise the stand-in for it.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type ElectronRuntime = 'electron' | 'stand-in'

const electronPackage = dirname(createRequire(import.meta.url).resolve('electron/package.json'))

/** A folder with an executable called `electron`, as Electron's own archive is one. */
const standIn = fileURLToPath(new URL('../../test/standin', import.meta.url))

/** Set to 1 to use the stand-in, and to try no download, also where Electron could be had. */
const STANDIN_VARIABLE = 'SPINDLE_STANDIN'

export function electronIsHere(): boolean {
  const name = join(electronPackage, 'path.txt')
  return existsSync(name) && existsSync(join(electronPackage, 'dist', readFileSync(name, 'utf8')))
}

export function standInWanted(): boolean {
  return process.env[STANDIN_VARIABLE] === '1'
}

export function wantStandIn(): void {
  process.env[STANDIN_VARIABLE] = '1'
}

/** Points the electron package, and with it `electron .` and Playwright, at the executable that is to be used. */
export function chooseElectron(): ElectronRuntime {
  const { ELECTRON_OVERRIDE_DIST_PATH: given } = process.env
  if (given === undefined && (standInWanted() || !electronIsHere())) {
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] = standIn
  }
  return process.env['ELECTRON_OVERRIDE_DIST_PATH'] === standIn ? 'stand-in' : 'electron'
}
