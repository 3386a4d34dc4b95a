// What every walk through the front shares: browsers on record, the way in, axe, pictures, and how wide a page is.
// A walk imports this, does its steps within `walk`, and tells what it saw in `told`; the assertions are in Python.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

/** What Python asks for: base, chromium, people, shots (a folder, or '') and whatever the walk needs. */
export const task = JSON.parse(readFileSync(0, 'utf8'))

/** What is told to Python. `free` counts requests that carry a document of their own instead of a hash. */
export const told = { outside: [], failed: [], console: [], axe: {}, sideways: {}, free: 0 }

const AXE = readFileSync(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
let browser

/** A person's own browser. Everything it asks for is on record; what it complains of too, unless `quiet`. */
export async function visitor({ quiet = false, width = 1280, height = 800 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'zh-CN', acceptDownloads: true })
  const page = await context.newPage()
  page.setDefaultTimeout(task.patience ?? 20000)
  const hear = { quiet }
  page.on('filechooser', () => {}) // from the beginning: a chooser that opens while this is being arranged is not heard of
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(task.base) && !/^(data|blob):/.test(url)) told.outside.push(url)
    if (url.endsWith('/graphql/') && /"query"\s*:/.test(request.postData() ?? '')) told.free += 1
  })
  page.on('console', (message) => { if (message.type() === 'error' && !hear.quiet) told.console.push(`${page.url()} ${message.text()}`) })
  page.on('pageerror', (error) => told.console.push(`${page.url()} ${error.stack ?? error}`))
  page.on('response', (response) => { if (response.status() >= 400 && !hear.quiet) told.failed.push(`${response.status()} ${response.url()}`) })
  return { context, page, hear }
}

/** Goes to a path of the front and signs in by the form. */
export async function enter(page, who, path = '/app/') {
  await page.goto(task.base + path)
  await page.locator('[name=username]').fill(who.username)
  await page.locator('[name=password]').fill(who.password)
  await page.keyboard.press('Enter')
  await page.locator('.shell main h1').waitFor()
}

/** Does one mutation as the person of a browser without touching its page, as another system of theirs would. */
export async function act(context, name, input, shape = '') {
  const token = (await context.cookies()).find((cookie) => cookie.name === 'csrftoken').value
  const query = `mutation($input: ${name[0].toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { ${shape} errors { code message } } }`
  const data = { query, variables: { input: { idempotencyKey: `${name}-${Date.now()}-${Math.random()}`, ...input } } }
  const answer = await context.request.post(`${task.base}/graphql/`, { data, headers: { 'X-CSRFToken': token, Referer: task.base } })
  const body = await answer.json()
  const payload = body.data?.[name]
  if (!payload || payload.errors.length) throw new Error(`${name}: ${JSON.stringify(body)}`)
  return payload
}

/** Looks a page over: axe's serious and critical findings, and what sticks out sideways; and takes its picture. */
export async function look(page, name) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  told.axe[name] = found.violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.target.join(' ')).join(' · ')}`)
  told.sideways[name] = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  await shot(page, name)
}

/** Takes a picture when a folder for them was given. */
export async function shot(page, name) {
  if (task.shots) await page.screenshot({ path: `${task.shots}/${name}.png` })
}

/** Counts what a page asks for from now on, as the browser's own protocol tells it: every address but those of streams, and its bytes as they came. */
export async function counting(page) {
  const line = await page.context().newCDPSession(page)
  const asked = new Map()
  line.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => {
    if (!url.endsWith('/stream/') && !url.startsWith('data:')) asked.set(requestId, { url: url.replace(task.base, ''), bytes: 0 })
  })
  line.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => { if (asked.has(requestId)) asked.get(requestId).bytes = encodedDataLength })
  await line.send('Network.enable')
  const total = () => ({
    requests: [...asked.values()].map((one) => one.url),
    bytes: [...asked.values()].reduce((sum, one) => sum + one.bytes, 0),
  })
  return { line, total, anew: () => asked.clear() }
}

/** What a first look at a path costs a signed-in person: requests but for streams, bytes as they came over the line. */
export async function cost(context, path, ready) {
  const fresh = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN' }) // nothing kept of before
  await fresh.addCookies(await context.cookies())
  const page = await fresh.newPage()
  const { total } = await counting(page)
  await page.goto(task.base + path)
  await page.locator(ready).first().waitFor()
  await page.waitForTimeout(1500) // what comes after it is counted too
  await fresh.close()
  return total()
}

/** Runs the walks that Python asks for by their names (all of them when it names none), and tells. */
export async function walk(walks) {
  browser = await chromium.launch({
    executablePath: task.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
  try {
    for (const name of task.walks ?? Object.keys(walks)) await walks[name]()
  } finally {
    await browser.close()
  }
  console.log(JSON.stringify(told))
}
