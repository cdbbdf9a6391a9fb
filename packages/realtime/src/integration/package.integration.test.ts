import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository, run } from './real-server.ts'

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

let folder: string
let tarball: string
let paths: readonly string[]

const installed = (path: string) => readFileSync(join(folder, 'node_modules/@xshathra/realtime', path), 'utf8')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-realtime-package-'))
  const answer = run(
    'npm',
    ['pack', '--json', '--workspace=@xshathra/realtime', `--pack-destination=${folder}`],
    repository,
  )
  // What prepack prints comes first. npm 11 and before answer a list, later ones an object by name.
  const [packed] = Object.values(JSON.parse(answer.slice(answer.search(/^[[{]/m))) as Record<string, Packed>)
  tarball = join(folder, packed!.filename)
  paths = packed!.files.map(({ path }) => path)
  writeFileSync(join(folder, 'package.json'), '{"name":"stranger","private":true,"type":"module"}')
  const libraries = ['react@19', '@types/react@19', 'zod@4']
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball, ...libraries], folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bundles a module as for a page, and gives the text. */
const bundle = async (text: string, minify = false): Promise<string> => {
  const input = join(folder, 'page.js')
  writeFileSync(input, text)
  const build = await rolldown({
    input,
    cwd: folder,
    platform: 'browser',
    logLevel: 'silent',
    external: ['react'],
    resolve: { conditionNames: ['browser', 'import', 'module', 'default'] },
  })
  const { output } = await build.generate({ format: 'esm', minify })
  await build.close()
  return output.map((chunk) => ('code' in chunk ? chunk.code : '')).join('\n')
}

const gzippedBytes = async (text: string) => gzipSync(await bundle(text, true)).length

describe('the package as strangers get it', () => {
  it('holds what was built, and no tests', () => {
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/index.js', 'dist/testing/engine.js']))
    expect(paths.filter((path) => /\.test\.|integration|^src\//.test(path))).toEqual([])
  })

  it('needs nothing that is not published', () => {
    expect(Object.keys(JSON.parse(installed('package.json')).dependencies)).toEqual(['centrifuge'])
    const naming = paths.filter((path) => /\.(js|d\.ts)$/.test(path) && /from ["']@xshathra\//.test(code(path)))
    expect(naming).toEqual([])
  })

  it('needs nothing of Node but in the server for tests', () => {
    const naming = paths.filter((path) => /\.js$/.test(path) && /['"]node:|\bBuffer\b|\brequire\(/.test(code(path)))
    expect(naming.filter((path) => !path.startsWith('dist/testing/'))).toEqual([])
  })

  /** Without comments: examples do name the package. */
  const code = (path: string) => installed(path).replace(/\/\*[\s\S]*?\*\//g, '')

  it('opens every door in Node, and a whole round trip runs', () => {
    const program = `
      import { createRealtime, publish, signConnectionToken } from '@xshathra/realtime'
      import { subscribe } from '@xshathra/realtime/client'
      import { RealtimeProvider } from '@xshathra/realtime/react'
      import { createTestServer } from '@xshathra/realtime/testing'
      const server = await createTestServer()
      Object.assign(process.env, server.environment)
      globalThis.fetch = server.fetch
      globalThis.WebSocket = server.WebSocket
      const subscription = subscribe({
        url: server.url,
        websocket: server.WebSocket,
        token: signConnectionToken('ada'),
        channel: 'chat:room_1',
        onMessage: async (message) => {
          console.log(JSON.stringify([message, typeof createRealtime, typeof RealtimeProvider]))
          subscription.close()
          await server.close()
        },
      })
      await server.until(() => server.subscribers('chat:room_1').length === 1)
      await publish('chat:room_1', { text: 'hello' })`
    const printed = run('node', ['--input-type=module', '--eval', program], folder)
    expect(JSON.parse(printed)).toEqual([{ text: 'hello' }, 'function', 'function'])
  })

  it('has types that fit for Node and for bundlers, with nothing skipped of ours', () => {
    mkdirSync(join(folder, 'types'), { recursive: true })
    writeFileSync(
      join(folder, 'types/use.ts'),
      `import { type Result, createTokenHandler, defineChannels, publish, publishResult } from '@xshathra/realtime'
       import { fetchToken, subscribe } from '@xshathra/realtime/client'
       import { useChannel, useHistory } from '@xshathra/realtime/react'
       import { createTestServer, type TestServer } from '@xshathra/realtime/testing'
       import { z } from 'zod'
       export const channels = defineChannels({ room: { channel: 'chat:{id}', message: z.object({ text: z.string() }) } })
       export const accepted: Promise<boolean> = publish(channels.room({ id: 1 }), { text: '' })
       export const result: Promise<Result<{ offset?: number }>> = publishResult('chat:x', 1)
       // @ts-expect-error a number is no text
       publish(channels.room({ id: 1 }), { text: 5 })
       // @ts-expect-error the template has another parameter
       channels.room({ room: 1 })
       subscribe({ channel: channels.room({ id: 1 }), getToken: fetchToken('/t'), onMessage: ({ text }) => text.length })
       export const POST: (request: Request) => Promise<Response> = createTokenHandler({ authorize: () => 'ada' })
       export const useRoom = (): readonly { data: { text: string } }[] => useHistory(channels.room({ id: 1 })).messages
       export const useIsLive = (): boolean => useChannel('chat:x').isLive
       export const server: Promise<TestServer> = createTestServer()
      `,
    )
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const options = {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2022', 'dom'],
        strict: true,
        types: [],
        noEmit: true,
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['types'] }))
      expect(run('tsc', ['-p', '.'], folder), moduleResolution).toBe('')
    }
  })

  it('passes publint and Are The Types Wrong', () => {
    const bin = (name: string) => join(repository, 'node_modules/.bin', name)
    run(bin('publint'), ['run', join(folder, 'node_modules/@xshathra/realtime'), '--strict', '--pack', 'false'], folder)
    run(bin('attw'), [tarball, '--profile', 'esm-only'], folder)
  })
})

describe('a bundle for a browser', () => {
  const secrets = /apikey |x-api-key|XSHATHRA_|CENTRIFUGO_|HS256|hmacSha256|api\/realtime/

  it('holds nothing of the backend door but a sentence that says what to do', async () => {
    const text = await bundle(
      `import * as backend from '@xshathra/realtime'
       export { backend }`,
    )
    expect(secrets.exec(text)?.[0]).toBeUndefined()
    expect(text).toContain("needs the server's key and runs on your backend only")
    writeFileSync(join(folder, 'bundled.mjs'), text)
    const program = "import { backend } from './bundled.mjs'; backend.publish('chat:x', 1)"
    expect(() => run('node', ['--input-type=module', '--eval', program], folder)).toThrow(
      "publish() of @xshathra/realtime needs the server's key and runs on your backend only. In a browser, subscribe " +
        'with @xshathra/realtime/client',
    )
  })

  it('holds nothing of the backend door beside the client and the hooks', async () => {
    const text = await bundle(
      `export * from '@xshathra/realtime/client'
       export * from '@xshathra/realtime/react'`,
      true,
    )
    expect(secrets.exec(text.replaceAll('NEXT_PUBLIC_XSHATHRA_REALTIME_URL', ''))?.[0]).toBeUndefined()
  })

  it('defines channels, and drops what is not used', async () => {
    const text = await bundle(
      `import { defineChannels } from '@xshathra/realtime'
       export const channels = defineChannels({})`,
    )
    expect(text).not.toContain('runs on your backend only')
    expect(Buffer.byteLength(text)).toBeLessThan(4000)
  })

  it('grows by 4 KB at most over the client library alone', async () => {
    const alone = await gzippedBytes(`export { Centrifuge, UnauthorizedError } from 'centrifuge'`)
    const ours = await gzippedBytes(
      `export { Centrifuge, UnauthorizedError } from 'centrifuge'
       export { subscribe, fetchToken } from '@xshathra/realtime/client'`,
    )
    expect(ours - alone).toBeLessThanOrEqual(4096)
  })
})
