/**
 * How long what nobody uses any more stays open, in milliseconds: a component that is mounted again at once, as React's
 * StrictMode does, finds it as it was.
 */
export const lingerMs = 200
