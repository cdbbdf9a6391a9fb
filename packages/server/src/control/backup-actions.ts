import { isAbsolute } from 'node:path'
import { failed, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { backupDatabase } from '../database/backup.ts'
import { DatabaseUnusable } from '../database/database-unusable.ts'
import { problem } from '../problems.ts'
import { auditedAction, type ControlAction } from './control-action.ts'

/** Copies of the database of projects and accounts. */
export const backupActions = {
  'backup.write': auditedAction(
    z.strictObject({ file: z.string().refine(isAbsolute, 'must be an absolute path') }),
    async ({ database }, { file }) => {
      try {
        await backupDatabase(database, file)
        return ok({ file })
      } catch (error) {
        if (!(error instanceof DatabaseUnusable)) throw error
        return failed(problem('conflict', error.message))
      }
    },
    ({ file }) => ({ target: file }),
  ),
} as const satisfies Record<string, ControlAction>
