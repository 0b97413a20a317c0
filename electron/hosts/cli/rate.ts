import { WrongUsage } from './problem.ts'

const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 }
const form = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?(?:\/s)?$/i

/**
 * `50M`, `50MB/s`, `1.5G`, `52428800` in bytes per second. Decimal as everywhere in Floe (50M is 50,000,000);
 * `Mi`, `MiB/s` are binary.
 */
export function parseRate(text: string): number {
  const match = form.exec(text.trim())
  const [, number = '', letter = '', binary = ''] = match ?? []
  const step = binary === '' ? 1000 : 1024
  const rate = Math.round(Number(number) * step ** (powers[letter.toLowerCase()] ?? 0))
  if (match === null || (binary !== '' && letter === '') || !Number.isSafeInteger(rate) || rate < 1) {
    throw new WrongUsage(`"${text}" is not a speed limit. Write it like 50M, 50MB/s, 1G, or in bytes per second.`)
  }
  return rate
}
