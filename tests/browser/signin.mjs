// Signing in as people do: a first password by a link, an authenticator, a security key of the browser's own kind, the
// recovery codes, being signed out everywhere; and the hospital's own sign-in. `task.totp` asks Python for a code.
import { createHmac } from 'node:crypto'
import { look, task, told, visitor, walk } from './app.mjs'

/** What an authenticator shows now, or so many steps of 30 seconds from now (RFC 6238). */
function totp(secret, steps = 0) {
  const bits = [...secret.replace(/[\s=]/g, '')].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps))
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = hash[19] & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0')
}

const password = async (page, who) => {
  await page.locator('[name=username]').fill(who.username)
  await page.locator('[name=password]').fill(who.password)
  await page.keyboard.press('Enter')
}
const inside = (page) => page.locator('.shell main h1').waitFor()
const button = (page, name) => page.getByRole('button', { name, exact: true })
const codesOf = async (page) => {
  await page.locator('dialog .codes').waitFor()
  return page.locator('dialog .codes li').allInnerTexts()
}
const secretOf = async (page) => {
  await page.locator('dialog .qr').waitFor()
  return page.locator('dialog .secret').innerText()
}
const out = async (page) => {
  await page.goto('about:blank') // else the page's own stream may ask once more for the session that ends
  const [{ value }] = (await page.context().cookies(task.base)).filter(({ name }) => name === 'csrftoken')
  await page.request.delete(`${task.base}/session/`, { headers: { 'X-CSRFToken': value } })
  await page.goto(`${task.base}/app/`)
  await page.locator('.sign-in-card').waitFor()
}

await walk({
  // Where a second factor is compulsory: it is enrolled first, and asked for from then on.
  async compulsory() {
    const { context, page, hear } = await visitor()
    hear.quiet = true // what is refused until then
    await page.goto(`${task.base}/app/`)
    await password(page, task.doctor)
    await page.locator('.enrol .panel').waitFor()
    told.enrol = await page.locator('h1').innerText()
    await look(page, 'enrol')
    await button(page, '添加手机验证器').click()
    const secret = await secretOf(page)
    told.squares = await page.locator('dialog .qr path').evaluate((path) => path.getBBox().width)
    await look(page, 'enrol-totp')
    await page.locator('dialog [name=code]').fill('000000')
    await page.keyboard.press('Enter')
    told.wrongCode = await page.locator('dialog .error:visible').innerText()
    const counted = totp(secret)
    await page.locator('dialog [name=code]').fill(counted)
    await page.keyboard.press('Enter')
    const codes = await codesOf(page)
    told.codes = codes.length
    await look(page, 'recovery-codes')
    await button(page, '已妥善保存').click()
    await inside(page)
    hear.quiet = false

    await out(page)
    await password(page, task.doctor)
    await page.locator('[name=code]').waitFor()
    told.focus = await page.evaluate(() => document.activeElement?.getAttribute('name'))
    await look(page, 'second-step')
    hear.quiet = true
    await page.locator('[name=code]').fill(counted) // once already
    await page.keyboard.press('Enter')
    told.again = await page.locator('.banner.bad').innerText()
    await look(page, 'second-step-refused')
    hear.quiet = false
    await page.locator('[name=code]').fill(totp(secret, 1))
    await page.keyboard.press('Enter')
    await inside(page)

    await out(page)
    await password(page, task.doctor)
    await page.locator('[name=code]').fill(codes[0])
    await page.keyboard.press('Enter')
    await inside(page)
    await page.goto(`${task.base}/app/profile`)
    await page.getByText('剩余 9 个').waitFor()
    await context.close()
  },

  // A security key; the browser plays one.
  async key() {
    const { context, page, hear } = await visitor()
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    const options = { protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: false, automaticPresenceSimulation: true }
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
    await page.goto(`${task.base}/app/profile`)
    await password(page, task.expert)
    await page.locator('.profile').waitFor()
    await page.getByText('尚未添加二次验证').waitFor()
    await look(page, 'profile-security')
    await button(page, '添加安全密钥').click()
    await page.locator('dialog [name=name]').fill('蓝色钥匙')
    await look(page, 'add-key')
    await page.keyboard.press('Enter')
    told.keyCodes = (await codesOf(page)).length
    await button(page, '已妥善保存').click()
    await page.locator('.lines', { hasText: '蓝色钥匙' }).waitFor()
    told.keys = (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length
    await look(page, 'profile-key')

    await out(page)
    await password(page, task.expert)
    await button(page, '使用安全密钥').waitFor()
    await look(page, 'second-step-key')
    await button(page, '使用安全密钥').click()
    await inside(page)

    // Without the key: somebody else's, then a recovery code would do; nothing else does.
    await out(page)
    await password(page, task.expert)
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
    hear.quiet = true
    await button(page, '使用安全密钥').click()
    told.stranger = await page.locator('.banner.bad').innerText()
    told.stillOut = await page.locator('.sign-in-card').count()
    await context.close()
  },

  // The password, the sessions and what was tried, on a phone and in English too.
  async own() {
    const { context, page, hear } = await visitor()
    const other = await visitor({ width: 360, height: 740 })
    for (const one of [page, other.page]) {
      await one.goto(`${task.base}/app/profile`)
      await password(one, task.office)
      await one.locator('.profile').waitFor()
    }
    await look(other.page, 'profile-360')
    hear.quiet = true
    const field = (name) => page.locator(`.profile [name=${name}]`)
    await button(page, '修改密码').click()
    told.missing = await page.locator('.profile .error:visible').count()
    await field('old').fill(task.office.password)
    await field('new').fill('short')
    await field('again').fill('short')
    await page.keyboard.press('Enter')
    told.weak = await page.locator('.profile .error:visible').innerText()
    await look(page, 'weak-password')
    hear.quiet = false
    await field('new').fill(task.fresh)
    await field('again').fill(task.fresh)
    await page.keyboard.press('Enter')
    await page.getByText('密码已修改').waitFor()
    told.elsewhere = await other.page.evaluate(async () => (await (await fetch('/session/')).json()).person)

    await other.page.goto(`${task.base}/app/`)
    await password(other.page, { ...task.office, password: task.fresh })
    await inside(other.page)
    await page.goto(`${task.base}/app/profile`)
    await button(page, '退出别处的登录').click()
    await look(page, 'end-others')
    await page.locator('dialog').getByRole('button', { name: '退出别处的登录' }).click()
    await page.getByText('已退出 1 处').waitFor()
    told.ended = await other.page.evaluate(async () => (await (await fetch('/session/')).json()).person)
    told.tried = await page.locator('.tried li').count()
    await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.getByText('Where you are signed in').waitFor()
    await look(page, 'profile-english')
    await other.context.close()
    await context.close()
  },

  // The keepers of accounts: one makes it and hands out the link, the other unlocks and removes a lost factor.
  async accounts() {
    const { context, page } = await visitor()
    await page.goto(`${task.base}/app/admin/accounts`)
    await password(page, task.system)
    await button(page, '新建账号').click()
    await page.locator('dialog input').nth(0).fill('李敏')
    await page.locator('dialog input').nth(1).fill('li.min')
    await page.locator('dialog [role=combobox]').fill('county')
    await page.locator('[role=option]').first().click()
    await look(page, 'new-account')
    await page.locator('dialog [type=submit]').click()
    const link = await page.locator('dialog .secret').innerText()
    told.link = link.replace(task.base, '').replace(/=.*/, '=')
    await look(page, 'setup-link')
    await button(page, '已转交，关闭').click()
    await page.locator('.accounts', { hasText: 'li.min' }).waitFor()
    told.system = await page.locator('.accounts button').allInnerTexts()
    await look(page, 'accounts')

    const newcomer = await visitor({ width: 360, height: 740 })
    await newcomer.page.goto(link)
    await newcomer.page.locator('[name=new]').fill(task.fresh)
    await newcomer.page.locator('[name=again]').fill(task.fresh)
    await look(newcomer.page, 'set-password-360')
    await newcomer.page.keyboard.press('Enter')
    await newcomer.page.locator('[name=password]').waitFor()
    told.named = [await newcomer.page.locator('[name=username]').inputValue(), newcomer.page.url().includes('setup')]
    await newcomer.page.locator('[name=password]').fill(task.fresh)
    await newcomer.page.keyboard.press('Enter')
    await inside(newcomer.page)
    newcomer.hear.quiet = true
    await out(newcomer.page)
    await newcomer.page.goto(link)
    await newcomer.page.reload() // another # alone loads nothing
    await newcomer.page.locator('[name=new]').fill(task.fresh)
    await newcomer.page.locator('[name=again]').fill(task.fresh)
    await newcomer.page.keyboard.press('Enter')
    told.used = await newcomer.page.locator('.banner.bad').innerText()
    await newcomer.page.goto(`${task.base}/app/`)
    await newcomer.page.locator('[name=username]').waitFor()
    for (let n = 0; n < 5; n += 1) {
      const answered = newcomer.page.waitForResponse((one) => one.url().endsWith('/session/') && one.request().method() === 'POST')
      await newcomer.page.locator('[type=submit]:not([aria-disabled])').waitFor() // the answer before has been shown
      await password(newcomer.page, { username: 'li.min', password: `wrong${n}` })
      await answered
    }
    await newcomer.page.getByText('分钟后再试').waitFor()
    told.locked = await newcomer.page.locator('.banner.bad').innerText()
    await look(newcomer.page, 'locked-360')

    const security = await visitor()
    await security.page.goto(`${task.base}/app/admin/accounts`)
    await password(security.page, task.security)
    await security.page.getByRole('button', { name: '解锁 李敏' }).click()
    await look(security.page, 'unlock')
    await security.page.locator('dialog [type=submit]').click()
    await security.page.locator('dialog').waitFor({ state: 'detached' })
    await security.page.locator('.accounts').waitFor()
    told.security = await security.page.getByRole('button', { name: '新建账号' }).count()
    await password(newcomer.page, { username: 'li.min', password: task.fresh })
    await inside(newcomer.page)

    await page.getByRole('button', { name: '停用 李敏 的账号' }).click()
    await page.locator('dialog [type=submit]').click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    told.closed = await newcomer.page.evaluate(async () => (await (await fetch('/session/')).json()).person)
    for (const one of [context, newcomer.context, security.context]) await one.close()
  },

  // The hospital's own sign-in: away to the provider's page, and back to the page that was asked for.
  async hospital() {
    const { context, page, hear } = await visitor()
    hear.quiet = true // the provider's page asks another host for its style
    await page.goto(`${task.base}/app/profile`)
    await page.getByRole('link', { name: '统一认证' }).waitFor()
    await look(page, 'sign-in-hospital')
    await page.getByRole('link', { name: '统一认证' }).click()
    await page.locator('input[name=sub]').fill('subject-of-the-doctor')
    await page.locator('button[type=submit], input[type=submit]').first().click()
    await page.locator('.profile').waitFor()
    told.hospital = [page.url().replace(task.base, ''), await page.locator('.who').innerText()]
    await out(page)
    await page.getByRole('link', { name: '统一认证' }).click()
    await page.locator('input[name=sub]').fill('subject-of-nobody')
    await page.locator('button[type=submit], input[type=submit]').first().click()
    told.unknown = await page.locator('.banner.bad').innerText()
    await look(page, 'not-registered')
    told.outside = told.outside.filter((url) => !url.startsWith(task.issuer) && !url.startsWith('https://cdn.jsdelivr.net/'))
    told.console = told.console.filter((line) => !line.startsWith(task.issuer))
    await context.close()
  },
})
