import { readFileSync } from 'node:fs'

/** One recorded or written frame and what it means, in the wire form. */
export interface FrameFixture<Decoded> {
  readonly name: string
  readonly frame: string
  readonly decoded: Decoded
}

export interface FrameFixtures {
  readonly commands: readonly FrameFixture<readonly unknown[]>[]
  readonly replies: readonly FrameFixture<Record<string, unknown>>[]
  readonly pushes: readonly FrameFixture<Record<string, unknown>>[]
  readonly barePushes: readonly FrameFixture<Record<string, unknown>>[]
}

export const loadFixture = <Content>(file: string): Content =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${file}`, import.meta.url), 'utf8')) as Content
