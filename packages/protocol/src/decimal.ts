/** A decimal number of any length, taken apart: no leading zeros before the point, no trailing ones behind it. */
export interface Decimal {
  readonly isNegative: boolean
  readonly whole: string
  readonly fraction: string
}

const grammar = /^([+-]?)(\d+)(?:\.(\d+))?$/

/** Reads `-12.5`: digits on both sides of a point, no exponent, no space, as in Centrifugo's filters. */
export const parseDecimal = (text: string): Decimal | undefined => {
  const parts = grammar.exec(text)
  if (parts === null) return undefined
  const whole = withoutLeadingZeros(parts[2]!)
  const fraction = withoutTrailingZeros(parts[3] ?? '')
  return { isNegative: parts[1] === '-' && (whole !== '' || fraction !== ''), whole, fraction }
}

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. Exact. */
export const compareDecimals = (left: Decimal, right: Decimal): number => {
  if (left.isNegative !== right.isNegative) return left.isNegative ? -1 : 1
  const order =
    left.whole.length - right.whole.length ||
    compareDigits(left.whole, right.whole) ||
    compareDigits(left.fraction, right.fraction)
  return left.isNegative ? -order : order
}

/** Digits of equal length, or digits behind a point, compare like text. */
const compareDigits = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

// Loops and not `/0+$/`, which takes quadratic time on zeros that something follows.
const withoutLeadingZeros = (digits: string): string => {
  let start = 0
  while (start < digits.length && digits[start] === '0') start++
  return digits.slice(start)
}

const withoutTrailingZeros = (digits: string): string => {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  return digits.slice(0, end)
}
