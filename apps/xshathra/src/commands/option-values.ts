import { InvalidArgumentError } from 'commander'

/** For options that may be given several times. */
export const collect = (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, text]

/** A whole number that is not negative, written in digits. */
export const parseAmount = (text: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number.')
}

/** `on` or `off`; `default` goes back to what the deployment has. */
export const parseSwitch = (text: string): boolean | null => {
  const meaning = { on: true, off: false, default: null }[text]
  if (meaning !== undefined) return meaning
  throw new InvalidArgumentError('Give on, off or default.')
}

/** An amount, or `default` to go back to what the deployment has. */
export const parseAmountOrDefault = (text: string): number | null => (text === 'default' ? null : parseAmount(text))

/** `name=amount`, several of them, into an object. */
export const collectAmounts = (
  text: string,
  earlier: Readonly<Record<string, number | null>> = {},
): Readonly<Record<string, number | null>> => {
  const [name, amount, ...rest] = text.split('=')
  if (!name || amount === undefined || rest.length > 0) throw new InvalidArgumentError('Give name=amount.')
  return { ...earlier, [name]: parseAmountOrDefault(amount) }
}
