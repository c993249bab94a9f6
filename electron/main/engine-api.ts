// The engine's part of the page's API: ids become paths, names become new paths, and nothing else is decided here.

import { join } from 'node:path'
import type { EngineApi } from '../contract/api.ts'
import type { ConvertRequest, CreateRequest, JobRequest } from '../contract/data.ts'
import { assertNever, type ConvertJob, type CreateJob, type Engine, type JobSpec } from '../../core/model/index.ts'
import { checkFileName } from './file-name.ts'
import type { Grants } from './grants.ts'
import type { JobMirror } from './job-mirror.ts'

export function createEngineApi(engine: Engine, grants: Grants, jobs: JobMirror): EngineApi {
  function target({ folder, name }: { readonly folder: string; readonly name: string }): string {
    checkFileName(name)
    return join(grants.folderPath(folder), name)
  }

  async function createJob(request: CreateRequest): Promise<CreateJob> {
    const { folder, name, backing, ...rest } = request
    const spec = { ...rest, target: target({ folder, name }) }
    if (backing === undefined) return spec
    const path = grants.volumePath(backing)
    const [facts] = await engine.inspect(path)
    return { ...spec, backing: { path, format: facts?.format ?? 'raw' } }
  }

  function convertJob({ source, folder, name, ...rest }: ConvertRequest): ConvertJob {
    return { ...rest, source: grants.volumePath(source), target: target({ folder, name }) }
  }

  async function jobSpec(request: JobRequest): Promise<JobSpec> {
    switch (request.kind) {
      case 'create':
        return createJob(request)
      case 'convert':
        return convertJob(request)
      case 'compare':
        return { ...request, left: grants.volumePath(request.left), right: grants.volumePath(request.right) }
      default:
        return assertNever(request)
    }
  }

  return {
    formats: () => engine.formats(),
    inspect: async (volume) => engine.inspect(grants.volumePath(volume)),
    allocation: async (volume, cellCount) => engine.allocation(grants.volumePath(volume), cellCount),
    predictCreate: async (request) => engine.predictCreate(await createJob(request)),
    planConvert: async (request) => engine.planConvert(convertJob(request)),
    startJob: async (request) => jobs.id(await engine.startJob(await jobSpec(request))),
    cancelJob: async (id) => {
      const engineId = jobs.engineId(id)
      // Its engine is gone, and the job with it.
      if (engineId !== undefined) await engine.cancelJob(engineId)
    },
    dismissJob: async (id) => {
      const engineId = jobs.engineId(id)
      if (engineId === undefined) jobs.forgetLost(id)
      else await engine.dismissJob(engineId)
    },
    rescan: () => engine.rescan(),
  }
}
