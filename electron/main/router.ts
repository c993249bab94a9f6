// Every request of the page passes here: who asks, what for, and the answer as a value.

import { SpindleError, errorData } from '../../core/model/index.ts'
import type { Api, Reply } from '../contract/api.ts'
import type { GrantFile } from '../contract/messages.ts'
import { readGrantFiles, readRequest } from './requests.ts'

/** Who sent a message, as far as it can be told without trusting them. */
export interface Sender {
  /** It came from a window that we opened ourselves. */
  readonly ourWindow: boolean
  /** It came from the window's own page, not from a frame inside it. */
  readonly topFrame: boolean
  readonly url: string
}

export interface Answers {
  readonly api: Api
  readonly grant: (files: readonly GrantFile[]) => Promise<unknown>
}

export interface Router {
  request(sender: Sender, message: unknown): Promise<Reply<unknown>>
  grant(sender: Sender, message: unknown): Promise<Reply<unknown>>
}

/** Replies never reject: what goes wrong is part of the reply. */
export function createRouter({ api, grant }: Answers): Router {
  return {
    request: (sender, message) =>
      reply(async () => {
        checkSender(sender)
        const { method, args } = readRequest(message)
        // `readRequest` has checked the arguments against this very method.
        const implementation = api[method] as (...values: readonly unknown[]) => Promise<unknown>
        return implementation.apply(api, [...args])
      }),
    grant: (sender, message) =>
      reply(async () => {
        checkSender(sender)
        return grant(readGrantFiles(message))
      }),
  }
}

async function reply(work: () => Promise<unknown>): Promise<Reply<unknown>> {
  try {
    return { ok: true, value: await work() }
  } catch (thrown) {
    return { ok: false, error: errorData(thrown) }
  }
}

function checkSender({ ourWindow, topFrame, url }: Sender): void {
  if (ourWindow && topFrame && isOurPage(url)) return
  throw new SpindleError('access-denied', 'This page may not ask Spindle for anything.')
}

export const PAGE_SCHEME = 'spindle'
export const PAGE_HOST = 'app'
export const PAGE_URL = `${PAGE_SCHEME}://${PAGE_HOST}/index.html`

/** By the parser, never by the start of the text: `spindle://app.evil/` starts well too. */
export function isOurPage(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host, username, password } = new URL(url)
  return protocol === `${PAGE_SCHEME}:` && host === PAGE_HOST && username === '' && password === ''
}
