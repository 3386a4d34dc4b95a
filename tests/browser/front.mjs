// The frame that every screen stands in: the way in and out, keys, language, a cut line, an ended session, live notices.
import { writeFileSync } from 'node:fs'
import { act, cost, enter, look, task, told, visitor, walk } from './app.mjs'

const bell = (page) => page.locator('.bell').innerText()
const main = (page) => page.locator('main').innerText()

await walk({
  async frame() {
    const { context, page, hear } = await visitor()
    await page.goto(`${task.base}/`)
    told.door = page.url().replace(task.base, '')
    told.policy = (await page.request.get(`${task.base}/app/`)).headers()['content-security-policy']
    await page.locator('.sign-in-card').waitFor()
    await look(page, 'sign-in')
    hear.quiet = true
    await page.keyboard.press('Enter')
    told.empty = await page.locator('.field .error:visible').allInnerTexts()
    await page.locator('[name=username]').fill(task.doctor.username)
    await page.locator('[name=password]').fill('wrong')
    await page.keyboard.press('Enter')
    told.wrong = await page.locator('.banner.bad').innerText()
    await look(page, 'sign-in-refused')
    hear.quiet = false
    await page.locator('[name=password]').fill(task.doctor.password)
    await page.keyboard.press('Enter')
    await page.locator('.shell main h1').waitFor()
    told.who = (await page.locator('.who').innerText()).split('\n')

    await page.keyboard.press('?')
    await page.locator('dialog[open] .keys').waitFor()
    told.keys = await page.locator('dialog .keys td').allInnerTexts()
    await look(page, 'keys')
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('n')
    await page.locator('.notices').waitFor({ state: 'attached' })
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1').catch(() => {}) // told below what it was instead
    told.focus = await page.evaluate(() => document.activeElement?.tagName)
    told.title = await page.title()
    await look(page, 'notices')
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await page.locator('.profile').waitFor()
    await look(page, 'profile')
    await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.locator('.lines', { hasText: 'Referring doctor' }).waitFor()
    told.english = [await page.locator('html').getAttribute('lang'), await page.title(), await page.locator('main h1').innerText()]
    await look(page, 'profile-en')
    await page.goto(`${task.base}/app/notices`)
    await page.locator('.notices').waitFor({ state: 'attached' })
    await look(page, 'notices-en')
    await page.goto(`${task.base}/app/nowhere`)
    told.absent = await page.locator('main h1').innerText()
    await look(page, 'absent')
    await page.getByRole('button', { name: '切换到中文' }).click()

    for (const path of ['/app/profile', '/app/notices']) {
      await page.setViewportSize({ width: 360, height: 740 })
      await page.goto(task.base + path)
      await page.locator('main h1').waitFor()
      await look(page, `360${path.replace('/app/', '-')}`)
    }
    await page.setViewportSize({ width: 1280, height: 800 })

    hear.quiet = true
    await context.setOffline(true)
    await page.locator('.line .banner').waitFor()
    told.cut = await page.locator('.line .banner').innerText()
    await look(page, 'cut')
    await context.setOffline(false)
    await page.locator('.line .banner').waitFor({ state: 'detached' })

    await context.clearCookies({ name: 'sessionid' })
    await page.getByRole('tab', { name: '全部' }).click()
    await page.locator('dialog[open] [name=password]').waitFor()
    told.ended = await page.locator('dialog').innerText()
    told.fixed = await page.locator('dialog [name=username]').isDisabled()
    await look(page, 'ended')
    await page.locator('dialog [name=password]').fill(task.doctor.password)
    await page.keyboard.press('Enter')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await page.locator('main .loading').waitFor({ state: 'detached' })
    told.kept = page.url().replace(task.base, '')
    hear.quiet = false

    await page.getByRole('button', { name: '退出登录' }).click()
    await page.locator('.sign-in-card').waitFor()
    told.out = (await context.cookies()).some((cookie) => cookie.name === 'sessionid')
    await context.close()
  },

  async live() {
    const doctor = await visitor()
    const expert = await visitor()
    await enter(doctor.page, task.doctor)
    await enter(expert.page, task.expert, '/app/notices')
    const before = Number((await bell(expert.page)).match(/\d+/)?.[0] ?? 0)
    await expert.page.waitForTimeout(1500) // until the stream stands
    await act(doctor.context, 'cancelReferral', { id: task.referral, expectedVersion: task.version, reason: 'CONDITION_IMPROVED' })
    await expert.page.waitForFunction((n) => Number(document.querySelector('.bell .count')?.textContent ?? 0) === n, before + 1)
    await expert.page.locator('.notice.fresh', { hasText: '取消' }).waitFor()
    await expert.page.keyboard.press('j')
    await expert.page.keyboard.press('m')
    await expert.page.locator('.notice.fresh', { hasText: '取消' }).waitFor({ state: 'detached' })
    told.read = Number((await bell(expert.page)).match(/\d+/)?.[0] ?? 0) - before
    told.notices = await main(expert.page)
    told.cost = await cost(expert.context, '/app/notices', '.notices')
    await doctor.context.close()
    await expert.context.close()
  },

  async crowd() {
    const { context, page } = await visitor()
    const doctor = await visitor()
    await enter(doctor.page, task.doctor)
    await enter(page, task.expert, '/app/notices')
    const pages = [page]
    for (let n = 0; n < 6; n += 1) { // one more than the lines that the browser gives to a host
      const another = await context.newPage()
      await another.goto(`${task.base}/app/notices`)
      await another.locator('.shell main h1').waitFor()
      pages.push(another)
    }
    await page.waitForTimeout(1500)
    await act(doctor.context, 'cancelReferral', { id: task.referral, expectedVersion: task.version, reason: 'CONDITION_IMPROVED' })
    told.heard = await Promise.all(pages.map((one) =>
      one.locator('.notice.fresh', { hasText: '取消' }).waitFor({ timeout: 60000 }).then(() => true, () => false)))
    await context.close()
    await doctor.context.close()
  },

  async silence() {
    const { context, page, hear } = await visitor()
    await enter(page, task.doctor, '/app/profile')
    hear.quiet = true
    // The line is cut after the server has done it, thrice: nobody hears the answer.
    let sent = 0
    await page.route('**/graphql/', async (route) => {
      if (!route.request().postData().includes('IssueApiToken')) return route.continue()
      sent += 1
      if (sent > 3) return route.continue()
      await route.fetch()
      return route.abort()
    })
    await page.getByRole('button', { name: '签发令牌' }).click()
    await page.locator('dialog input[maxlength]').fill('HIS 接口')
    await page.locator('dialog [type=submit]').click()
    told.cutWord = await page.locator('dialog .banner.warn').innerText()
    await look(page, 'silence')
    await page.locator('dialog [type=submit]').click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    await page.locator('.lines', { hasText: 'HIS 接口' }).waitFor()
    told.tokens = await page.locator('.lines', { hasText: 'HIS 接口' }).locator('li').count()
    told.sent = sent
    await page.unroute('**/graphql/')

    // The server fails, and says by which number it is known.
    const fault = { errors: [{ message: '系统内部错误，未作任何更改；请联系管理员并提供请求编号 7c1e。', extensions: { code: 'INTERNAL', requestId: '7c1e' } }] }
    await page.route('**/graphql/', (route) => route.fulfill({ status: 200, json: fault }))
    await page.goto(`${task.base}/app/profile`)
    told.fault = await page.locator('main .banner.bad, .apart .banner.bad').first().innerText()
    await page.unroute('**/graphql/')

    // The page is older than the server.
    const old = { errors: [{ message: '页面版本已更新，请刷新。', extensions: { code: 'UNKNOWN_DOCUMENT', field: 'documentId' } }] }
    await page.goto(`${task.base}/app/profile`)
    await page.locator('.profile').waitFor()
    await page.route('**/graphql/', (route) => route.fulfill({ status: 400, json: old }))
    await page.locator('.navigation a', { hasText: '通知' }).click()
    told.old = await page.locator('.line .banner').innerText()
    await look(page, 'outdated')
    await page.unroute('**/graphql/')

    // A part of the page does not come.
    await page.route('**/assets/Profile-*.js', (route) => route.abort())
    await page.goto(`${task.base}/app/notices`)
    await page.locator('.notices').waitFor({ state: 'attached' })
    await page.locator('.navigation a', { hasText: '我的' }).click()
    told.part = await page.locator('main .banner.bad').innerText()
    await context.close()
  },

  async restart() {
    const { context, page, hear } = await visitor()
    await enter(page, task.expert, '/app/notices')
    await page.waitForTimeout(1500) // until the stream stands
    hear.quiet = true
    writeFileSync(task.flag, '') // now the server is stopped, something happens, and it comes back
    await page.locator('.notice.fresh', { hasText: '提交' }).waitFor({ timeout: 60000 })
    await page.locator('.line .banner').waitFor({ state: 'detached' })
    await context.close()
  },
})
