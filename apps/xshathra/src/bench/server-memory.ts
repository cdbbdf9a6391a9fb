/** Resident memory of the server in bytes, from its metrics; undefined where they are closed to us. */
export const readServerMemory = async (
  origin: string,
  metricsToken: string | undefined,
): Promise<number | undefined> => {
  const headers: Record<string, string> = metricsToken ? { Authorization: `Bearer ${metricsToken}` } : {}
  const response = await fetch(`${origin}/metrics`, { headers, signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  const bytes = /^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]
  return response.ok && bytes !== undefined ? Number(bytes) : undefined
}
