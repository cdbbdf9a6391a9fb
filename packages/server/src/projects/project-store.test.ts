import { openTemporaryDatabase } from '../database/testing/temporary-database.ts'
import { describeProjectStore } from './project-store-conformance.ts'

describeProjectStore('SQLite', openTemporaryDatabase)
