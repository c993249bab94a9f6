// The room a new image would take, told before it is made.

import type { CreateJob } from '../model/job.ts'
import type { SizePrediction } from '../model/plan.ts'
import { newImage } from './new-image.ts'
import type { Parts } from './parts.ts'

export async function predictCreate(job: CreateJob, parts: Parts): Promise<SizePrediction> {
  await using image = await newImage(job, parts)
  const { initial, fullyAllocated } = image.driver.measure(image.spec, 0)
  return { now: initial, atMost: fullyAllocated }
}
