// Answers to NBD_CMD_READ, fetched cluster by cluster.
import { NbdServerError } from '../nbd/errors.ts'
import { errno } from '../nbd/protocol.ts'
import { cluster, clusterPieces, clustersIn, type Piece } from './clusters.ts'
import type { Line, Range } from './line.ts'
import { errorAtChunk, holeChunk, noneChunk, simpleReply, withDataHead, withSimpleHead } from './replies.ts'
import { headRoom } from './slots.ts'

const zeroes = Buffer.alloc(cluster)

/** Each cluster is a chunk of the reply and goes out as soon as it is there; what reads as zeroes goes as a hole. */
export async function answerRead(line: Line, { cookie, offset, length }: Range): Promise<void> {
  if (length === 0) return line.send(noneChunk(cookie))
  let left = clustersIn(offset, length)
  const isLast = () => {
    left -= 1
    return left === 0
  }
  const answers: Promise<void>[] = []
  for (const piece of clusterPieces(offset, length)) {
    await line.slots.acquire()
    answers.push(answerPiece(line, cookie, piece, isLast))
  }
  await Promise.all(answers)
}

async function answerPiece(line: Line, cookie: bigint, piece: Piece, isLast: () => boolean): Promise<void> {
  const { offset, length } = piece
  const { slots } = line
  const buffer = slots.takeBuffer()
  const data = buffer.subarray(headRoom, headRoom + length)
  const state = await fetched(line, offset, data)
  if (state === 'refused') await line.send(errorAtChunk(offset, cookie, errno.io, isLast()))
  else if (state === 'there') {
    const done = isLast()
    const isHole = data.equals(length === cluster ? zeroes : zeroes.subarray(0, length))
    await line.send(
      isHole ? holeChunk(offset, length, cookie, done) : withDataHead(buffer, offset, length, cookie, done),
    )
  }
  slots.giveBack(buffer)
  slots.release()
}

/** `gone`: the server behind is, and with it this line. */
async function fetched(line: Line, offset: number, into: Buffer): Promise<'there' | 'refused' | 'gone'> {
  try {
    await line.upstream.read(offset, into)
    return 'there'
  } catch (error) {
    if (error instanceof NbdServerError) return 'refused'
    line.end()
    return 'gone'
  }
}

/**
 * A simple reply: one piece after its head, which already says whether all is well. So as much as may be in flight is
 * there before the head goes out; what fails later can only end the connection. One such request at a time.
 */
export async function answerReadSimply(line: Line, { cookie, offset, length }: Range): Promise<void> {
  if (length === 0) return line.send(simpleReply(cookie))
  const pieces = [...clusterPieces(offset, length)]
  for (let first = 0; first < pieces.length; first += line.slots.count) {
    const fetching = pieces.slice(first, first + line.slots.count).map((piece) => fetchPiece(line, piece))
    const batch = await Promise.all(fetching)
    const isWhole = batch.every(({ state }) => state === 'there')
    const sent = batch.map(async ({ buffer, length: size }, index) => {
      const isFirst = first === 0 && index === 0
      if (isWhole)
        await line.send(isFirst ? withSimpleHead(buffer, size, cookie) : buffer.subarray(headRoom, headRoom + size))
      line.slots.giveBack(buffer)
      line.slots.release()
    })
    await Promise.all(sent)
    if (isWhole) continue
    if (first === 0) return line.send(simpleReply(cookie, errno.io))
    return line.end()
  }
}

async function fetchPiece(line: Line, { offset, length }: Piece) {
  await line.slots.acquire()
  const buffer = line.slots.takeBuffer()
  const state = await fetched(line, offset, buffer.subarray(headRoom, headRoom + length))
  return { buffer, length, state }
}
