// Where Chromium waits for the stand-in: requests of the page, and calls that its preload makes and waits for.

import type { Cdp } from './chromium.ts'
import { note } from './runtime.ts'
import { fromWeb, handlerOf } from './schemes.ts'
import { allows } from './session.ts'

export interface PausedRequest {
  readonly requestId: string
  readonly frameId: string
  readonly request: {
    readonly url: string
    readonly method: string
    readonly headers: Record<string, string>
    readonly postData?: string
  }
}

export interface CallFrame {
  readonly callFrameId: string
  readonly functionName: string
}

/** From the app's own handler where the address is the app's; `refused` by the app already or not. */
export async function answerRequest(cdp: Cdp, paused: PausedRequest, refused: boolean): Promise<void> {
  const { requestId, request } = paused
  const url = fromWeb(request.url)
  const fail = async (errorReason: 'Aborted' | 'BlockedByClient' | 'Failed'): Promise<void> => {
    await cdp.send('Fetch.failRequest', { requestId, errorReason })
  }
  if (refused) return fail('Aborted')
  if (!(await allows(url))) return fail('BlockedByClient')
  if (new URL(url).pathname === '/favicon.ico') {
    // Chromium asks for one by itself, Electron does not.
    await cdp.send('Fetch.fulfillRequest', { requestId, responseCode: 204 })
    return undefined
  }
  const handler = handlerOf(url)
  if (!handler || url === request.url) {
    await cdp.send('Fetch.continueRequest', { requestId })
    return undefined
  }
  let response: Response
  try {
    const body = request.postData === undefined ? {} : { body: request.postData }
    response = await handler(new Request(url, { method: request.method, headers: request.headers, ...body }))
  } catch (error) {
    note(`protocol.handle for ${url}:`, error)
    return fail('Failed')
  }
  await cdp.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  })
  return undefined
}

/** `getPathForFile` waits in the preload's world with `file` and `answer` in its hands: see in-page.ts. */
export async function answerPause(cdp: Cdp, frame: CallFrame | undefined): Promise<void> {
  try {
    if (frame?.functionName !== 'standinGetPath') return
    const evaluate = (expression: string): Promise<{ readonly result: { readonly objectId?: string } }> =>
      cdp.send('Debugger.evaluateOnCallFrame', { callFrameId: frame.callFrameId, expression, objectGroup: 'standin' })
    const { result } = await evaluate('file')
    const { path } = await cdp.send('DOM.getFileInfo', { objectId: result.objectId ?? '' })
    await evaluate(`answer.path = ${JSON.stringify(path)}`)
    await cdp.send('Runtime.releaseObjectGroup', { objectGroup: 'standin' })
  } finally {
    await cdp.send('Debugger.resume')
  }
}
