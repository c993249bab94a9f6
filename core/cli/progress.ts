// How far a job is: qemu-img's percentages for programs, a bar with rate and time left for people.

import { RateMeter } from '../index.ts'
import type { Progress } from '../model/job.ts'
import { formatSize } from '../model/units.ts'
import type { Console } from './console.ts'

export interface ProgressView {
  readonly update: (progress: Progress) => void
  /** Ends the line. */
  end(complete: boolean): void
}

/** For when nobody asked. */
export const SILENT: ProgressView = { update: () => {}, end: () => {} }

/** Percent between two lines for programs. */
const STEP = 1
/** Milliseconds between two pictures of the bar. */
const INTERVAL = 100
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function progressView(console: Console): ProgressView {
  return console.interactive ? bar(console) : percentages(console)
}

function percentages(console: Console): ProgressView {
  let last: number | undefined
  const print = (percent: number): void => {
    last = percent
    console.out(`    (${percent.toFixed(2)}/100%)\r`)
  }
  return {
    update(progress) {
      const percent = percentOf(progress)
      // A job that reads back afterwards begins again; qemu-img's readers expect it never to go down.
      if (progress.phase === 'prepare' || (last !== undefined && percent < last + STEP && percent < 100)) return
      if (percent !== last) print(percent)
    },
    end(complete) {
      if (complete && last !== 100) print(100)
      console.out('\n')
    },
  }
}

function bar(console: Console): ProgressView {
  const rate = new RateMeter()
  let lastTime = 0
  let width = 0
  const print = (text: string): void => {
    console.out(`\r${text.padEnd(width)}`)
    width = text.length
  }
  return {
    update(progress) {
      const now = Date.now()
      if (now - lastTime < INTERVAL && progress.done < progress.total) return
      lastTime = now
      print(barText(progress, rate.update(progress, now), console.columns()))
    },
    end() {
      console.out('\n')
    },
  }
}

const VERBS = { prepare: 'preparing', copy: 'copying', finish: 'finishing', verify: 'verifying' } as const

/** Exported for its test. */
export function barText(progress: Progress, rate: number | undefined, columns: number): string {
  const { phase, done, total } = progress
  const percent = percentOf(progress)
  const left = rate !== undefined && rate > 0 && done < total ? `${duration((total - done) / rate)} left` : ''
  const speed = rate === undefined ? '' : `${formatSize(rate)}/s`
  const facts = [`${formatSize(done)} of ${formatSize(total)}`, speed, left].filter((text) => text !== '').join(' · ')
  const head = `${VERBS[phase].padEnd(9)} ${String(Math.floor(percent)).padStart(3)}% `
  const room = Math.min(40, columns - head.length - facts.length - 4)
  if (room < 5) return `${head}${facts}`.slice(0, columns - 1)
  return `${head}${filled(percent / 100, room)}  ${facts}`
}

function filled(part: number, width: number): string {
  const eighths = Math.round(part * width * 8)
  return `${'█'.repeat(Math.floor(eighths / 8))}${BLOCKS[eighths % 8] ?? ''}`.padEnd(width, '░')
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  const minutes = Math.floor(whole / 60)
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function percentOf({ done, total }: Progress): number {
  return total > 0 ? Math.min(100, (done / total) * 100) : 0
}
