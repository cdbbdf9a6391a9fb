import { parseDuration } from './duration.ts'

/**
 * Whether the engine acts on an option: always, not yet, or for some of its values only. An option that is known but not
 * honoured is read and checked, and named in a warning where somebody has changed it.
 */
export type Honoured<Value> = boolean | readonly Value[]

interface OptionOf<Kind extends string, Value> {
  readonly kind: Kind
  readonly default: Value
  readonly honoured: Honoured<Value>
}

export type BooleanOption = OptionOf<'boolean', boolean>

export interface IntegerOption extends OptionOf<'integer', number> {
  readonly min: number
  readonly max: number
}

export interface TextOption<Value extends string = string> extends OptionOf<'text', Value> {
  readonly choices?: readonly Value[] | undefined
  /** Never shown in a problem, a log or a printout. */
  readonly isSecret: boolean
}

/** Values are milliseconds. */
export interface DurationOption extends OptionOf<'duration', number> {
  /** Refuses fractions of a second. */
  readonly wholeSeconds: boolean
  readonly minMs: number
}

export interface TextListOption extends OptionOf<'text list', readonly string[]> {
  readonly choices?: readonly string[] | undefined
}

/** Text by name; `${CENTRIFUGO_VAR_…}` in its values is replaced. Values may be secrets, so none is ever shown. */
export type TextMapOption = OptionOf<'text map', Readonly<Record<string, string>>>

export type LeafOption = BooleanOption | IntegerOption | TextOption | DurationOption | TextListOption | TextMapOption

export interface Fields {
  readonly [name: string]: OptionNode
}

/** Options under one name. */
export interface Group<Children = Fields> {
  readonly kind: 'group'
  readonly fields: Children
  readonly honoured: boolean
}

/** Groups in order. Where they have a `name`, it is unique and variables of the environment reach each by it. */
export interface List<Children = Fields> {
  readonly kind: 'list'
  readonly item: Group<Children>
  readonly honoured: boolean
}

/** Groups by a name of the operator's choice. */
export interface Dictionary<Children = Fields> {
  readonly kind: 'dictionary'
  readonly item: Group<Children>
  readonly honoured: boolean
}

export type OptionNode = LeafOption | Group<Fields> | List<Fields> | Dictionary<Fields>

/** What a node holds once defaults are filled in. */
export type ValueOf<Node> =
  Node extends Group<infer Children>
    ? { readonly [Name in keyof Children]: ValueOf<Children[Name]> }
    : Node extends List<infer Children>
      ? readonly ValueOf<Group<Children>>[]
      : Node extends Dictionary<infer Children>
        ? Readonly<Record<string, ValueOf<Group<Children>>>>
        : Node extends { readonly default: infer Value }
          ? Value
          : never

export const boolean = (): BooleanOption => ({ kind: 'boolean', default: false, honoured: true })

/** A whole number, not negative unless said otherwise. */
export const integer = (value = 0, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): IntegerOption => ({
  kind: 'integer',
  default: value,
  min,
  max,
  honoured: true,
})

export const text = (value = ''): TextOption => ({ kind: 'text', default: value, isSecret: false, honoured: true })

export const secret = (): TextOption => ({ ...text(), isSecret: true })

/** One of a few words; `honoured` names those the engine acts on, absent: all. */
export const choice = <const Value extends string>(
  value: Value,
  choices: readonly Value[],
  honoured: Honoured<Value> = true,
): TextOption<Value> => ({ kind: 'text', default: value, choices, isSecret: false, honoured })

interface DurationRules {
  readonly wholeSeconds?: boolean
  /** -1 and the like switch something off. */
  readonly mayBeNegative?: boolean
}

/** `value` in Go's notation; not negative unless said otherwise. */
export const duration = (value: string, rules: DurationRules = {}): DurationOption => ({
  kind: 'duration',
  default: parseDuration(value) ?? 0,
  wholeSeconds: rules.wholeSeconds ?? false,
  minMs: rules.mayBeNegative ? Number.NEGATIVE_INFINITY : 0,
  honoured: true,
})

export const textList = (value: readonly string[] = [], choices?: readonly string[]): TextListOption => ({
  kind: 'text list',
  default: value,
  choices,
  honoured: true,
})

export const textMap = (): TextMapOption => ({ kind: 'text map', default: {}, honoured: true })

export const group = <const Children extends Fields>(fields: Children): Group<Children> => ({
  kind: 'group',
  fields,
  honoured: true,
})

export const list = <const Children extends Fields>(fields: Children): List<Children> => ({
  kind: 'list',
  item: group(fields),
  honoured: true,
})

export const dictionary = <const Children extends Fields>(fields: Children): Dictionary<Children> => ({
  kind: 'dictionary',
  item: group(fields),
  honoured: true,
})

/** Marks what the engine knows and does not act on yet: one option, or all that stands under a node. */
export const later = <Node extends OptionNode>(node: Node): Node => ({ ...node, honoured: false })
