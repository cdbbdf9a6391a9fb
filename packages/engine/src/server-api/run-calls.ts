import { setImmediate } from 'node:timers/promises'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'

/** How many items run before others in the process get their turn, and how many wait for their answers at a time. */
const stretch = 512

/** Runs all items without waiting for one before starting the next; the answers come in the order of the items. */
export const runTogether = <Item, Answer>(
  items: readonly Item[],
  run: (item: Item) => MaybePromise<Answer>,
): MaybePromise<readonly Answer[]> => {
  if (items.length > stretch) return runInStretches(items, run)
  const answers = items.map(run)
  return answers.some(isPromise) ? Promise.all(answers) : (answers as Answer[])
}

const runInStretches = async <Item, Answer>(
  items: readonly Item[],
  run: (item: Item) => MaybePromise<Answer>,
): Promise<readonly Answer[]> => {
  const answers: Answer[] = []
  for (let at = 0; at < items.length; at += stretch) {
    for (const answer of await Promise.all(items.slice(at, at + stretch).map(run))) answers.push(answer)
    await setImmediate()
  }
  return answers
}

/** Runs the items one after the other, each when the one before has answered. */
export const runInOrder = async <Item, Answer>(
  items: readonly Item[],
  run: (item: Item) => MaybePromise<Answer>,
): Promise<readonly Answer[]> => {
  const answers: Answer[] = []
  for (const [index, item] of items.entries()) {
    answers.push(await run(item))
    if (index % stretch === stretch - 1) await setImmediate()
  }
  return answers
}
