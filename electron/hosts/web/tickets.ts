import { createHash, randomBytes } from 'node:crypto'

const mostUnused = 20

const digest = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/**
 * Who may use the web host. A ticket is part of a URL and works once; it is exchanged for a session, which lives in a
 * cookie until the host ends. Only hashes are kept and looked up, so comparing takes the same time for every guess.
 */
export class Tickets {
  #unused = new Set<string>()
  #sessions = new Set<string>()

  /** 256 random bits, safe in a URL. The oldest unused ones lapse. */
  issue(): string {
    const ticket = randomBytes(32).toString('base64url')
    this.#unused.add(digest(ticket))
    const oldest = this.#unused.values().next().value
    if (this.#unused.size > mostUnused && oldest !== undefined) this.#unused.delete(oldest)
    return ticket
  }

  /** A new session for a ticket that was not used yet; null for any other text. */
  redeem(ticket: string): string | null {
    if (!this.#unused.delete(digest(ticket))) return null
    const session = randomBytes(32).toString('base64url')
    this.#sessions.add(digest(session))
    return session
  }

  isSession(session: string | null): boolean {
    return session !== null && this.#sessions.has(digest(session))
  }
}
