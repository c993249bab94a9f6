// `dialog`: the system's dialogs through zenity where the machine has it and a screen; otherwise they are dismissed.
// Tests put their own answer in place of these functions, as they would with Electron.

import { spawn } from 'node:child_process'
import type { MessageBoxOptions, OpenDialogOptions, OpenDialogReturnValue } from 'electron'
import { app } from './app.ts'
import { BrowserWindow } from './browser-window.ts'
import { note, runtime } from './runtime.ts'

type Arguments<Options> = readonly [options: Options] | readonly [window: BrowserWindow, options: Options]

function optionsOf<Options>(args: Arguments<Options>): Options {
  return args.length === 2 ? args[1] : args[0]
}

export const dialog = {
  showErrorBox: (title: string, content: string): void => note(`${title}: ${content}`),

  async showOpenDialog(...args: Arguments<OpenDialogOptions>): Promise<OpenDialogReturnValue> {
    const { title = app.name, properties = [], defaultPath } = optionsOf(args)
    const answer = await zenity([
      '--file-selection',
      `--title=${title}`,
      ...(properties.includes('openDirectory') ? ['--directory'] : []),
      ...(properties.includes('multiSelections') ? ['--multiple', '--separator=\n'] : []),
      ...(defaultPath === undefined ? [] : [`--filename=${defaultPath}`]),
    ])
    if (!answer) note(`the dialog “${title}” was dismissed: there is nobody to ask`)
    return answer?.accepted === true
      ? { canceled: false, filePaths: answer.text.split('\n') }
      : { canceled: true, filePaths: [] }
  },

  async showMessageBox(...args: Arguments<MessageBoxOptions>): Promise<{ response: number; checkboxChecked: boolean }> {
    const { message, detail = '', buttons = [], cancelId = 0, defaultId = 0 } = optionsOf(args)
    const other = buttons.findIndex((_label, index) => index !== cancelId)
    const accept = other >= 0 ? other : defaultId
    const answer = await zenity([
      buttons.length > 1 ? '--question' : '--info',
      `--title=${app.name}`,
      `--text=${message}\n${detail}`,
      ...(buttons.length > 1
        ? [`--ok-label=${buttons[accept] ?? ''}`, `--cancel-label=${buttons[cancelId] ?? ''}`]
        : []),
    ])
    if (!answer) note(`“${message}”: there is nobody to ask`)
    // With its window gone there is nothing left to go back to.
    const accepted = answer?.accepted ?? runtime.windows.size === 0
    return { response: accepted ? accept : cancelId, checkboxChecked: false }
  },
}

/** Undefined when there is no zenity, or no screen to show it on. */
function zenity(args: readonly string[]): Promise<{ readonly accepted: boolean; readonly text: string } | undefined> {
  if (runtime.headless) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    let text = ''
    const child = spawn('zenity', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    child.on('error', () => resolve(undefined))
    child.stdout.on('data', (part: Buffer) => (text += part.toString()))
    child.on('close', (code) => resolve(code === null ? undefined : { accepted: code === 0, text: text.trim() }))
  })
}
