// A process that runs the command line again and again, as a program would: in any folder and by any name.

import { run } from '../../core/cli/main.ts'

interface Request {
  readonly folder: string
  /** What the program is called. */
  readonly name: string
  readonly words: readonly string[]
}

process.on('message', (request: Request) => void answer(request))

async function answer({ folder, name, words }: Request): Promise<void> {
  process.chdir(folder)
  process.argv[1] = `/usr/bin/${name}`
  let out = ''
  let error = ''
  let merged = ''
  const console = {
    out: (text: string) => {
      out += text
      merged += text
    },
    error: (text: string) => {
      error += text
      merged += text
    },
    interactive: false,
    columns: () => 80,
  }
  const code = await run(words, console, new AbortController().signal)
  process.send?.({ code, out, error, merged })
}
