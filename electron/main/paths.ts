// Where Spindle keeps its own files, and how a path is shown.

import { homedir } from 'node:os'
import { join, sep } from 'node:path'

export interface Folders {
  /** Settings: what a user might copy to another machine. */
  readonly config: string
  /** The window's place: what nobody would miss. */
  readonly state: string
  /** Chromium's own files. */
  readonly cache: string
}

export interface FolderSources {
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly environment: NodeJS.ProcessEnv
  /** Electron's own choice, which is right everywhere but on Linux. */
  readonly userData: string
  /** A profile was named on the command line: everything goes there. */
  readonly profileGiven: boolean
}

export function ownFolders({ platform, home, environment, userData, profileGiven }: FolderSources): Folders {
  if (profileGiven || platform !== 'linux') {
    return { config: userData, state: userData, cache: join(userData, 'cache') }
  }
  const base = (variable: string, fallback: string): string => {
    const value = environment[variable]
    // The XDG base directory specification: a relative path is to be ignored.
    return join(value?.startsWith('/') ? value : join(home, fallback), 'spindle')
  }
  return {
    config: base('XDG_CONFIG_HOME', '.config'),
    state: base('XDG_STATE_HOME', '.local/state'),
    cache: base('XDG_CACHE_HOME', '.cache'),
  }
}

/** As people write it: `~/VMs`. */
export function shortPath(path: string, home: string = homedir()): string {
  if (path === home) return '~'
  return path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path
}
