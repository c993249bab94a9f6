// Where the application starts: its folders, its single instance, and Electron's events.

import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { app, protocol } from 'electron'
import { Application } from './application.ts'
import { filesNamed } from './command-line.ts'
import { ownFolders } from './paths.ts'
import { PAGE_SCHEME } from './router.ts'

app.setName('Spindle')
app.enableSandbox()
protocol.registerSchemesAsPrivileged([
  { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
])
const folders = ownFolders({
  platform: process.platform,
  home: homedir(),
  environment: process.env,
  userData: app.getPath('userData'),
  profileGiven: app.commandLine.hasSwitch('user-data-dir'),
})
putUnder('userData', folders.config)
putUnder('sessionData', folders.cache)
if (app.isPackaged) closeDebugging()

if (app.requestSingleInstanceLock()) run()
else app.quit()

/** Electron takes only folders that are there; where one cannot be made, its own choice holds. */
function putUnder(name: 'userData' | 'sessionData', folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    app.setPath(name, folder)
  } catch (error) {
    console.error(`Spindle cannot use the folder ${folder}: ${String(error)}`)
  }
}

/** Whoever can start a release must not be able to read its pages. */
function closeDebugging(): void {
  for (const name of ['remote-debugging-port', 'remote-debugging-pipe']) app.commandLine.removeSwitch(name)
}

function run(): void {
  let application: Application | undefined
  let early: readonly string[] = filesNamed(process.argv, process.cwd(), app.isPackaged)

  function open(paths: readonly string[]): void {
    if (application) application.open(paths)
    else early = [...early, ...paths]
  }

  app.on('second-instance', (_event, argv, folder) => {
    application?.show()
    open(filesNamed(argv, folder, app.isPackaged))
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    open([path])
  })
  app.on('activate', () => application?.show())
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('before-quit', (event) => {
    if (application && !application.mayQuit()) event.preventDefault()
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (application) application.stopNow()
      else app.quit()
    })
  }
  app.once('ready', () => {
    application = new Application(folders)
    application.start()
    application.open(early)
  })
}
