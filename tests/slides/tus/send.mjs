// Sends one file by tus-js-client, as a browser's page would; tells in JSON how it went.
import { createReadStream, statSync } from 'node:fs'
import * as tus from 'tus-js-client'

const [endpoint, path, token, slide, sha256] = process.argv.slice(2)
const told = { retries: 0, progress: 0 }
const upload = new tus.Upload(createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { slide, filename: 'slide.svs', sha256 },
  retryDelays: [0, 50, 100, 200, 400, 800, 1600, 3200, ...Array(20).fill(5000)],
  onShouldRetry: (error) => {
    told.retries += 1
    const status = error.originalResponse ? error.originalResponse.getStatus() : 0
    return status < 400 || status >= 500 || status === 409 || status === 423
  },
  onProgress: (sent) => { told.progress = sent },
  onError: (error) => {
    console.log(JSON.stringify({ ...told, error: String(error) }))
    process.exit(1)
  },
  onSuccess: () => {
    console.log(JSON.stringify({ ...told, url: upload.url }))
    process.exit(0) // a piece that was refused while it was still being sent would hold us for ever
  },
})
upload.start()
