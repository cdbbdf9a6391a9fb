/** Names in braces: `chat:room:{roomId}` has `roomId`. */
export type ParamsOf<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamsOf<Rest>
  : never

const placeholder = /\{([^{}]*)\}/g
const paramName = /^[A-Za-z_]\w*$/

/** What could lead into another channel, or is no part of a name: separators, spaces, controls, non-ASCII. */
const unfit = /[^!-~]|[:#,{}*]/

/** Throws a TypeError for a template that could not make a channel's name. */
export const assertTemplate = (template: string): void => {
  const names = paramsOf(template)
  if (!/^\$?[^:{}]+:./.test(template)) {
    throw new TypeError(`the channel template "${template}" must begin with a namespace, as in "chat:room:{roomId}"`)
  }
  if (/[{}]/.test(template.replace(placeholder, '')) || !names.every((name) => paramName.test(name))) {
    throw new TypeError(`the channel template "${template}" has a placeholder that is not a name in braces`)
  }
}

/**
 * Fills a template. Each value must be a string or an integer, and must stay one part of the name: without `:`, `#`, `,`,
 * `*`, braces, spaces and non-ASCII characters. Anything else is a TypeError that names the parameter.
 */
export const fillTemplate = (template: string, params: Readonly<Record<string, unknown>>): string =>
  template.replace(placeholder, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined
    const text = typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : ''
    if (text === '' || unfit.test(text)) {
      throw new TypeError(
        `"${name}" of the channel "${template}" must be text or an integer without spaces and any of : # , * { }`,
      )
    }
    return text
  })

const paramsOf = (template: string): readonly string[] =>
  Array.from(template.matchAll(placeholder), ([, name = '']) => name)
