// Where the page starts.

import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import './ui/tokens.css'
import './ui/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { runCommand } from './commands/commands.ts'
import { listenForShortcuts } from './commands/shortcuts.ts'
import { startTranslations } from './i18n.ts'
import { connect } from './state/connect.ts'
import { tell } from './state/notices.ts'

async function start(): Promise<void> {
  await startTranslations()
  await connect(runCommand).catch(tell)
  listenForShortcuts(window)
  const root = document.querySelector('#root')
  if (root)
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    )
}

await start()
