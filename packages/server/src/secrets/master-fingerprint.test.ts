import { expect, it } from 'vitest'
import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { requireSameMaster, WrongMasterSecret } from './master-fingerprint.ts'
import { Secret } from './secret.ts'

it('lets in the master secret that a database began with and refuses another by name', async () => {
  const { kysely, close } = await openTemporaryDatabase()
  await requireSameMaster(kysely, new Secret('a master secret of thirty-two characters'))
  await requireSameMaster(kysely, new Secret('a master secret of thirty-two characters'))
  const other = requireSameMaster(kysely, new Secret('another master secret of many characters'))
  await expect(other).rejects.toThrow(WrongMasterSecret)
  await expect(other).rejects.toThrow('XSHATHRA_MASTER_SECRET')
  await close()
})
