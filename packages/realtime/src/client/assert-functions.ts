/** Throws a TypeError that names the first option that is there and is no function. */
export const assertFunctions = <Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
): void => {
  for (const name of names) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new TypeError(`${name} must be a function`)
  }
}
