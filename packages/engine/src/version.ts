/** Told to clients and operators; the same in every workspace, see the root's package.json. */
export const version = '0.1.0'
