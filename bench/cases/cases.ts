import type { Case } from '../case.ts'
import { connect } from './connect.ts'
import { fanOut1000, fanOut5000 } from './fan-out.ts'
import { httpPublish, httpPublishHistory } from './http-publish.ts'
import { idleMemory } from './idle-memory.ts'
import { orderedStream } from './ordered-stream.ts'
import {
  platformConnect,
  platformPublish,
  platformPublishHistory,
  platformSaturation,
  platformToken,
} from './platform.ts'
import { recovery } from './recovery.ts'
import { merge16, saturation100, saturation1000 } from './saturation.ts'
import { socketPublish } from './socket-publish.ts'

/** Every case, in the order of the table. */
export const cases: readonly Case[] = [
  fanOut1000,
  fanOut5000,
  merge16,
  saturation1000,
  saturation100,
  orderedStream,
  idleMemory,
  connect,
  httpPublish,
  httpPublishHistory,
  socketPublish,
  recovery,
  platformPublish,
  platformPublishHistory,
  platformToken,
  platformConnect,
  platformSaturation,
]
