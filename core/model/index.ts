// Plain data every layer may see.

export * from './check.ts'
export * from './contents.ts'
export * from './error.ts'
export * from './image.ts'
export * from './job.ts'
export * from './option.ts'
export * from './preset.ts'
export * from './units.ts'
export * from './engine.ts'
export * from './library.ts'
export * from './plan.ts'
export * from './history.ts'
