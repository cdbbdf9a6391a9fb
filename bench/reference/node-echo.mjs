/**
 * node-echo: what an HTTP request costs at least on node:http. Reads the whole body and answers a small JSON.
 *
 *   node node-echo.mjs PORT
 */
import { createServer } from 'node:http'

const answer = '{"result":{}}'

createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer)
  })
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
