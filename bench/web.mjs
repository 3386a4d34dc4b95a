// The worklist on a slow line, cold and warm, and how long a click waits for its answer; told in figures, judged by nobody.
import { counting, enter, task, told, visitor, walk } from './app.mjs'

const LIST = `${task.base}/app/worklist?sort=NEWEST`
const LINE = { offline: false, latency: task.line.latency, downloadThroughput: task.line.down / 8, uploadThroughput: task.line.up / 8 }

/** Lets a page remember when its first row could be read and acted on, in milliseconds since it was asked for. */
function watch() {
  const seen = new MutationObserver(() => {
    if (!document.querySelector('.row-line a')) return
    seen.disconnect()
    requestAnimationFrame(() => setTimeout(() => { window.usable = performance.now() }))
  })
  seen.observe(document, { childList: true, subtree: true })
}

/** What one load of the list costs over the slow line: time, bytes as they came, requests but for the live stream. */
async function load(page, counted) {
  counted.anew()
  await page.goto(LIST)
  await page.waitForFunction(() => window.usable > 0, null, { polling: 20 })
  await page.waitForTimeout(1500) // what comes after the first row is counted too
  const { bytes, requests } = counted.total()
  return { seconds: (await page.evaluate(() => window.usable)) / 1000, bytes, requests: requests.length }
}

/** Clicks something and waits until a place says a word: the whole wait, and the part of it spent on the server. */
async function answered(page, what, place, word) {
  const waited = page.evaluate(
    ([place, word]) =>
      new Promise((done) => {
        let began = 0
        performance.clearResourceTimings()
        addEventListener('click', () => { began = performance.now() }, { capture: true, once: true })
        const look = () => {
          if (!began || !document.querySelector(place)?.textContent.includes(word)) return
          const [served] = performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/graphql/'))
          done({ whole: (performance.now() - began) / 1000, server: (served?.duration ?? 0) / 1000 })
        }
        new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true })
      }),
    [place, word],
  )
  await page.locator(what).first().click()
  return waited
}

await walk({
  async loads() {
    const { context: door, page } = await visitor()
    await enter(page, task.expert, '/app/profile')
    const cookies = await door.cookies()
    for (const kind of ['cold', 'warm']) told[kind] = []
    for (let round = 0; round < task.rounds; round += 1) {
      const { context, page: list } = await visitor() // a browser that has seen nothing
      await context.addCookies(cookies)
      await list.addInitScript(watch)
      const counted = await counting(list)
      await counted.line.send('Network.emulateNetworkConditions', LINE)
      told.cold.push(await load(list, counted))
      told.warm.push(await load(list, counted))
      await context.close()
    }
  },

  async clicks() {
    const { page } = await visitor()
    await enter(page, task.expert, '/app/worklist?sort=NEWEST')
    await page.locator('.row-line').nth(task.referrals.length).waitFor()
    told.preview = []
    told.step = []
    for (const { number } of task.referrals) {
      const row = `.row-line:has([aria-label*="${number}"]) a`
      told.preview.push(await answered(page, row, `.preview:has([aria-label="${number}"]) .actions`, '认领')) // it can be answered
      await page.waitForTimeout(400) // until its receipt is sent and shown
      await page.locator('.preview').getByRole('button', { name: /^认领/ }).evaluate((one) => one.setAttribute('data-bench', ''))
      told.step.push(await answered(page, '[data-bench]', '.preview', '分诊中'))
    }
  },
})
