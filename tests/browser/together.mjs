// Three people at once, each in a session of their own: a county doctor on a phone, the provincial expert on duty, and
// whoever looks after the network. An emergency is called, heard, answered, chosen over a line that breaks, and counted.
import { enter, look, task, told, visitor, walk } from './app.mjs'

const button = (page, name) => page.getByRole('button', { name, exact: true })
const dialog = (page) => page.locator('dialog[open]')
const closed = (page) => dialog(page).waitFor({ state: 'detached' })
const offer = (page, hospital) => page.locator('.offer', { hasText: hospital })
const counted = (page) => page.locator('.tile', { hasText: '期内送达' }).first()

/** Remembers, in the page itself, that it was never loaded anew. */
const stays = (page) => page.evaluate(() => { window.stayed = true })
const stayed = (page) => page.evaluate(() => window.stayed === true)

/** How often a step was asked for from now on. */
function asked(page, name) {
  const count = { times: 0, keys: new Set() }
  page.on('request', (request) => {
    const body = request.url().endsWith('/graphql/') ? request.postData() ?? '' : ''
    if (!name.test(body)) return
    count.times += 1
    count.keys.add(/"idempotencyKey":"([^"]+)"/.exec(body)?.[1])
  })
  return count
}

await walk({
  async together() {
    const [doctor, expert, lead] = [await visitor({ width: 360, height: 740 }), await visitor(), await visitor()]
    await enter(lead.page, task.lead, '/app/coverage')
    await counted(lead.page).waitFor()
    told.before = await counted(lead.page).innerText()
    await enter(expert.page, task.expert, '/app/offers')
    await expert.page.locator('.empty').waitFor()
    await stays(expert.page)
    await expert.page.waitForTimeout(1500) // until the stream stands

    await enter(doctor.page, task.doctor, '/app/green')
    await doctor.page.getByRole('button', { name: /危重儿童/ }).click()
    await doctor.page.locator('.target').first().waitFor()
    await doctor.page.getByText('女', { exact: true }).click()
    await doctor.page.locator('[name=age]').fill('4')
    await doctor.page.getByLabel('监护人', { exact: false }).fill('李四')
    await doctor.page.getByLabel('病情一句话').fill('高热 2 天，意识模糊 1 小时')
    await doctor.page.getByRole('button', { name: /立即询问/ }).click()
    await offer(doctor.page, task.hospital).waitFor()
    await stays(doctor.page)

    // It is heard without a reload, and answered; the doctor sees the answer come.
    await expert.page.locator('.line-row').waitFor()
    told.heard = await expert.page.locator('.line-row').innerText()
    await look(expert.page, 'together-heard')
    await expert.page.keyboard.press('j')
    await offer(doctor.page, task.hospital).filter({ hasText: '已阅' }).waitFor()
    await expert.page.keyboard.press('a')
    await dialog(expert.page).locator('textarea').fill('PICU 3 床备好')
    await dialog(expert.page).getByRole('button', { name: '可以接收' }).click()
    await closed(expert.page)
    const chosen = offer(doctor.page, task.hospital)
    await chosen.filter({ hasText: 'PICU 3 床备好' }).waitFor()
    await look(doctor.page, 'together-offered-360')

    // The choice is made, and the line breaks before its answer is heard: asked again with the same key.
    const choosing = asked(doctor.page, /GreenChoose/)
    doctor.hear.quiet = true
    let lost = 0
    await doctor.page.route('**/graphql/', async (route) => {
      if (!(route.request().postData() ?? '').includes('idempotencyKey') || lost >= 3) return route.continue()
      lost += 1
      await route.fetch()
      return route.abort()
    })
    await chosen.getByRole('button', { name: '选定这家' }).click()
    await dialog(doctor.page).getByRole('button', { name: '确认选定' }).click()
    await dialog(doctor.page).locator('.banner', { hasText: '连接' }).waitFor()
    told.silent = await dialog(doctor.page).locator('.banner', { hasText: '连接' }).innerText()
    await look(doctor.page, 'together-silent-360')
    await dialog(doctor.page).getByRole('button', { name: '确认选定' }).click()
    await closed(doctor.page)
    await doctor.page.unroute('**/graphql/')
    await expert.page.locator('.line-row', { hasText: '选定我院' }).waitFor()
    told.choosing = { lost, keys: choosing.keys.size }

    // The next step is written without a line: what was typed stays, and it is done once when the line is back.
    await button(doctor.page, '登记同意转院').click()
    await dialog(doctor.page).getByLabel('同意人').fill('李四')
    await dialog(doctor.page).getByLabel('与患者关系').fill('母亲')
    await doctor.context.setOffline(true)
    await dialog(doctor.page).getByRole('button', { name: '登记同意' }).click()
    const cut = dialog(doctor.page).locator('.banner', { hasText: '连接' })
    await cut.waitFor() // it has been tried again by itself
    told.cut = await cut.innerText()
    told.kept = await dialog(doctor.page).getByLabel('同意人').inputValue()
    await look(doctor.page, 'together-cut-360')
    await doctor.context.setOffline(false)
    await dialog(doctor.page).getByRole('button', { name: '登记同意' }).click()
    await closed(doctor.page)
    doctor.hear.quiet = false
    await button(doctor.page, '出发').waitFor()
    told.stayed = [await stayed(doctor.page), await stayed(expert.page)]
    await look(doctor.page, 'together-chosen-360')

    // Whoever looks after the network sees it counted.
    await lead.page.reload()
    await counted(lead.page).waitFor()
    told.after = await counted(lead.page).innerText()
    await look(lead.page, 'together-counted')
    for (const { context } of [doctor, expert, lead]) await context.close()
  },
})
