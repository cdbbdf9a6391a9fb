export * from './problems.ts'
export type * from './projects/project.ts'
export type * from './projects/project-directory.ts'
